"""Reports: what they name, that machines can read them, and how they look."""

import json
import os
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from click.testing import CliRunner

from dbcontract.conformance import report
from dbcontract.conformance.catalogue.rules import Level, Rule, Source
from dbcontract.conformance.http.evidence import Evidence
from dbcontract.conformance.report import formats
from dbcontract.conformance.report.document import NoResult, from_document, schema, to_document
from dbcontract.conformance.report.embedded import unpack
from dbcontract.conformance.results.results import (
    CheckResult,
    RuleResult,
    RunResult,
    TargetSummary,
    Verdict,
)

SNAPSHOTS = Path(__file__).with_name("snapshots")
GUIDE = Path(__file__).parents[2] / "docs" / "conformance.md"
HEAD = "| format | for |\n|---|---|\n"

EVIDENCE = Evidence(
    number=3,
    operation="getAsset",
    note="the download",
    method="GET",
    url="http://localhost:1/api/databases/d/assets/a",
    request_headers=(("Accept", "application/json; version=2.0"), ("Authorization", "Token $TOKEN")),
    request_body=None,
    request_size=0,
    status=200,
    reason="OK",
    response_headers=(("Content-Type", "text/html"),),
    response_body='<b>"not" & found</b>',
    response_size=20,
    seconds=0.01234,
    problem=None,
    curl='curl -i http://localhost:1/api/databases/d/assets/a -H "Authorization: Token $TOKEN"',
)
UNANSWERED = replace(
    EVIDENCE, number=1, status=None, reason="", response_headers=(), response_body=None, problem="closed"
)


def result(number: int, verdict: Verdict, **more: object) -> RuleResult:
    level = Level.INFERRED if verdict is Verdict.WARNED else Level.DOCUMENTED
    rule = Rule(
        id=f"PB-ASSET-{number:02}",
        api="pixiebrix",
        level=level,
        title=f"Title *{number}* | <{number}>",
        statement=f"Statement {number}.",
        source=Source("Database APIs", "Download a Database Asset"),
        operations=(),
        needs=(),
        depends_on=(),
        area_title="Assets",
    )
    part = CheckResult(verdict, "" if verdict is Verdict.PASSED else f"reason {number}", seconds=0.5)
    return RuleResult(
        rule,
        replace(part, **more),  # type: ignore[arg-type]
        reproduce=f"dbcontract check URL --only PB-ASSET-{number:02} --seed 7",
        how="Looks at it.",
    )


_OTHER = result(8, Verdict.NOT_VERIFIED, because_of="PI-EXP-02")
UNTITLED = replace(_OTHER, rule=replace(_OTHER.rule, id="PI-EXP-01", api="pieces", area_title=""))
"""As reports have it that were made before areas had titles."""

RUN = RunResult(
    kit_version="1.2.3",
    catalogues={"pieces": "1.0.0", "pixiebrix": "2.0.0"},
    target=TargetSummary("staging", "other", {"pixiebrix": "http://localhost:1/api"}, ("read", "write")),
    seed=7,
    started_at="2026-01-31T12:00:00Z",
    seconds=12.345,
    results=(
        result(1, Verdict.PASSED, evidence=(EVIDENCE,)),
        result(
            2,
            Verdict.FAILED,
            expected="404 Not Found",
            actual="200 OK `x` | <script>alert(1)</script>",
            evidence=(UNANSWERED, EVIDENCE),
        ),
        result(3, Verdict.FAILED, expected="a", actual="b", because_of="PB-ASSET-02", evidence=(EVIDENCE,)),
        result(4, Verdict.WARNED, evidence=(EVIDENCE,)),
        result(5, Verdict.NOT_VERIFIED, missing=("clock",)),
        result(6, Verdict.ERROR, evidence=(UNANSWERED,)),
        replace(result(7, Verdict.FAILED, evidence=(EVIDENCE,)), accepted="agreed upon"),
        UNTITLED,
    ),
    notes=("stays at the target: an asset (3 times)",),
    command="dbcontract check URL --seed 7",
    requests=99,
)
WHOLE = replace(RUN, results=(result(1, Verdict.PASSED, evidence=(EVIDENCE,)),), notes=())
CUT = replace(WHOLE, stopped="interrupted")


@pytest.mark.parametrize("name", ["mixed", "whole", "cut"])
@pytest.mark.parametrize("form", sorted(report.FORMATS))
def test_a_report_looks_as_before(form: str, name: str) -> None:
    """`UPDATE_SNAPSHOTS=1 pytest …` writes them anew; look at the difference before it is kept."""
    text = report.render(form, {"mixed": RUN, "whole": WHOLE, "cut": CUT}[name])
    if form == "html":
        # Style and script are files of their own. How the result is packed is the business of a library;
        # what is packed is that of the JSON report.
        text = re.sub(r"(<(style|script)[^>]*>).*?(?=</\2>)", r"\1", text, flags=re.DOTALL)
    file = SNAPSHOTS / f"{name}.{report.FORMATS[form].suffix}"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(text.encode())
    assert text == file.read_bytes().decode()


def test_the_guide_has_each_format_with_what_it_is_for() -> None:
    """`UPDATE_SNAPSHOTS=1 pytest …` writes this table anew, too."""
    table = "".join(f"| `{name}` | {form.purpose} |\n" for name, form in report.FORMATS.items())
    text = GUIDE.read_text(encoding="utf-8")
    before, head, rest = text.partition(HEAD)
    after = rest.partition("\n\n")[2]
    if os.environ.get("UPDATE_SNAPSHOTS"):
        text = f"{before}{head}{table}\n{after}"
        GUIDE.write_text(text, encoding="utf-8")
    assert HEAD + table + "\n" in text


def test_a_module_is_a_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipe: one module, and the command line and pytest offer it."""
    (tmp_path / "counting.py").write_text(
        "from dbcontract.conformance.report.formats import Format\n"
        "FORMAT = Format('people in a hurry', 'txt', lambda run: f'{len(run.results)} rules')\n"
    )
    monkeypatch.setattr(formats, "__path__", [*formats.__path__, str(tmp_path)])
    assert "counting" in report.FORMATS
    assert report.render("counting", RUN) == "8 rules"
    for module in ("dbcontract.cli.check", "dbcontract.conformance.pytest.plugin"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    help_ = CliRunner().invoke(import_module("dbcontract.cli.check").command, ["--help"]).output
    options = pytest.Parser(_ispytest=True)
    import_module("dbcontract.conformance.pytest.plugin").pytest_addoption(options)
    assert "counting" in help_
    assert "counting" in str([one.attrs() for one in options.getgroup("dbcontract-conformance").options])


def test_a_format_that_is_not_there_is_no_format() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        report.render("nonsense", RUN)
    assert len(report.FORMATS) == len(list(report.FORMATS))


@pytest.mark.parametrize("form", [name for name, form in report.FORMATS.items() if form.complete])
def test_a_report_names_everything(form: str) -> None:
    text = report.render(form, RUN)
    for fact in ("1.2.3", "2.0.0", "staging", "http://localhost:1/api", "2026-01-31T12:00:00Z", "write", "7"):
        assert fact in text, fact
    for one in RUN.results:
        assert one.rule.id in text
    for one in RUN.results[1:4]:
        assert one.reproduce.replace("&", "&amp;") in text


@pytest.mark.parametrize("form", sorted(report.FORMATS))
def test_a_cut_run_never_reads_as_conformant(form: str) -> None:
    text = report.render(form, CUT).lower()
    assert "incomplete" in text or '"complete": false' in text
    assert "conformance: conformant" not in text
    assert ">conformant<" not in text
    assert "1 of 1 verified" not in text


def test_json_is_as_its_schema_says() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    validator = jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker())
    for run in (
        RUN,
        WHOLE,
        CUT,
        replace(RUN, stopped="fail-fast", problems=("stale",)),
        replace(WHOLE, results=()),
    ):
        validator.validate(to_document(run))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "other/1"),
        (("conformant",), "yes"),
        (("exit_code",), 2),
        (("run", "complete"), False),
        (("target", "capabilities"), ["magic"]),
        (("results", 0, "verdict"), "fine"),
        (("results", 1, "reason"), ""),
        (("results", 0, "rule"), "PB-1"),
        (("results", 0, "evidence", 0, "status"), "200"),
        (("results", 0, "surprise"), 1),
    ],
)
def test_the_schema_refuses_what_is_not_a_result(path: tuple[str | int, ...], value: object) -> None:
    document = to_document(RUN)
    place = document
    for step in path[:-1]:
        place = place[step]  # type: ignore[index]
    place[path[-1]] = value  # type: ignore[index]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema())


def test_json_can_be_read_back() -> None:
    for run in (RUN, WHOLE, CUT):
        read = from_document(json.loads(report.render("json", run)))
        assert to_document(read) == to_document(run)
        told, made = read.results[0], run.results[0]
        assert told == replace(made, part=replace(made.part, evidence=told.part.evidence))


@pytest.mark.parametrize("document", [None, [], {}, {"format": "dbcontract-result/1"}, {"format": "x"}])
def test_another_document_is_refused(document: object) -> None:
    with pytest.raises(NoResult):
        from_document(document)


@pytest.mark.parametrize(("name", "value"), [("area", "JOB"), ("rule", 7), ("source", "x"), ("level", "y")])
def test_a_damaged_result_is_refused(name: str, value: object) -> None:
    document = to_document(WHOLE)
    document["results"][0][name] = value
    with pytest.raises(NoResult, match="damaged"):
        from_document(document)


def test_junit_counts_what_it_holds() -> None:
    root = ET.fromstring(report.render("junit", replace(RUN, stopped="interrupted", problems=("stale",))))
    (suite,) = root
    cases = suite.findall("testcase")
    assert suite.attrib["tests"] == str(len(cases)) == "10"
    for tag, count in {"failure": 3, "error": 2, "skipped": 3}.items():
        assert len([case for case in cases if case.find(tag) is not None]) == count
        assert suite.attrib["skipped" if tag == "skipped" else f"{tag}s"] == str(count)
    failure = cases[0].find("failure")
    assert failure is not None
    assert failure.attrib["message"].startswith("reason 2 · expected 404 Not Found; got 200 OK")
    assert "curl -i" in (failure.text or "")


def test_junit_survives_what_xml_has_not() -> None:
    odd = replace(WHOLE, results=(result(1, Verdict.FAILED, actual="\x00\x1b[31m\ud800\ufffe"),))
    ET.fromstring(report.render("junit", odd))


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in {"meta", "input", "br", "rect"}:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_needs_nothing_else_and_is_balanced() -> None:
    page = _Page()
    page.feed(report.render("html", RUN))
    assert page.open == []
    assert page.tags.count("script") == 2  # the result itself, and what moves the page
    assert page.tags.count("style") == 1
    assert "link" not in page.tags
    assert "img" not in page.tags
    assert set(page.links) >= {"#PB-ASSET-02"}
    assert {link for link in page.links if not link.startswith("#P")} == {"#result"}


def test_html_holds_the_result_as_it_is() -> None:
    assert unpack(report.render("html", RUN)) == json.loads(report.render("json", RUN))


@pytest.mark.parametrize("data", ["", "AAAA", "H4sIAAAAAAAC"])
def test_a_page_without_a_result_says_so(data: str) -> None:
    with pytest.raises(NoResult, match="the page"):
        unpack(f'<script type="application/gzip" id="result">{data}</script>')


def test_markdown_takes_nothing_for_markup() -> None:
    text = report.render("markdown", RUN)
    assert "<script>" not in text.replace("``", "").split("got: ")[0]
    assert "``" in text, "code that holds a backtick stands between two"
    row = next(line for line in text.splitlines() if line.startswith("| PB-ASSET-02 "))
    assert row == r"| PB-ASSET-02 | documented | failed | Title \*2\* \| &lt;2> |"


def test_the_badge_is_an_image() -> None:
    root = ET.fromstring(report.render("badge", RUN))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "2 failed" in "".join(root.itertext())
    assert "undecided" in report.render("badge", replace(RUN, results=RUN.results[4:5]))
    assert "baseline stale" in report.render("badge", replace(WHOLE, problems=("x",)))


def test_root_causes_lead_and_what_follows_is_folded_below() -> None:
    """PB-ASSET-03 follows from PB-ASSET-02, a warning; what fails on its own comes first."""
    document = to_document(RUN)
    assert {"rule": "PB-ASSET-02", "follow_ups": ["PB-ASSET-03"]} in document["causes"]
    markdown = report.render("markdown", RUN)
    assert "### PB-ASSET-03" not in markdown
    assert (
        markdown.index("### PB-ASSET-02")
        < markdown.index("1 rule follows from it")
        < markdown.index("- PB-ASSET-03")
    )
    names = [case.attrib["name"][:11] for case in ET.fromstring(report.render("junit", RUN)).iter("testcase")]
    assert names.index("PB-ASSET-03") == names.index("PB-ASSET-02") + 1
    page = report.render("html", RUN)
    assert page.index("<h2>Root causes</h2>") < page.index("<h2>Rules</h2>")
    for text in (markdown, page):
        assert "5 verified, 2 failed on their own, 1 follow-up, 2 not verified" in text
