"""Reports, comparisons and proofs in a real browser: clicked, printed, and with hostile content."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from selenium.webdriver.support.select import Select

from dbcontract.conformance import report
from dbcontract.conformance.catalogue.rules import Level, Rule, Source
from dbcontract.conformance.http.evidence import Evidence
from dbcontract.conformance.report.comparison import FORMATS
from dbcontract.conformance.report.document import to_document
from dbcontract.conformance.results.comparison import compare
from dbcontract.conformance.results.results import CheckResult, RuleResult, RunResult, TargetSummary, Verdict
from dbcontract.mockserver.variants.registry import Variant
from dbcontract.prove.judging import DependencyClosure, Proof, judge
from dbcontract.prove.outcome import Finding, Outcome
from dbcontract.prove.report import FORMATS as PROOFS

from .axe import emulated, violations
from .conftest import Page
from .served import serving

HOSTILE = "</script><img src=x onerror=document.title=1><script>document.title='1'</script>\u202e"
OPEN_ALL = "for (const one of document.querySelectorAll('details')) one.open = true"
SHOWN = "details.rule:not([hidden])"


def evidence(note: str, body: str) -> Evidence:
    return Evidence(
        number=1,
        operation="getAsset",
        note=note,
        method="GET",
        url=f"http://localhost:1/api/{HOSTILE}",
        request_headers=(("X-Hostile", HOSTILE),),
        request_body=None,
        request_size=0,
        status=200,
        reason=HOSTILE,
        response_headers=(("Content-Type", "application/json"),),
        response_body=body,
        response_size=20,
        seconds=0.01,
        problem=None,
        curl=f"curl -i 'http://localhost:1/api/{HOSTILE}'",
    )


def result(rule: str, verdict: Verdict, area: str, **more: object) -> RuleResult:
    level = Level.INFERRED if verdict is Verdict.WARNED else Level.DOCUMENTED
    stated = Rule(
        id=rule,
        api="pixiebrix",
        level=level,
        title=f"The title of {rule} {HOSTILE}",
        statement=f"The statement of {rule}",
        source=Source(HOSTILE, HOSTILE),
        operations=(),
        needs=(),
        depends_on=(),
        area_title=area,
    )
    first = json.dumps({"told": f"by {rule}", "html": HOSTILE, "large": 12345678901234567890})
    part = CheckResult(
        verdict,
        "" if verdict is Verdict.PASSED else f"The reason of {rule} {HOSTILE}",
        evidence=(evidence("first", first), evidence("deciding", HOSTILE)),
    )
    return RuleResult(
        stated,
        replace(part, **more),  # type: ignore[arg-type]
        reproduce=f"dbcontract check {HOSTILE} --only {rule}",
        how=HOSTILE,
    )


RUN = RunResult(
    kit_version="1.2.3",
    catalogues={"pixiebrix": "1.0.0"},
    target=TargetSummary(HOSTILE, "other", {"pixiebrix": f"http://localhost:1/{HOSTILE}"}, ("read",)),
    seed=1,
    started_at="2026-01-31T12:00:00Z",
    seconds=1.0,
    results=(
        result("PB-ASSET-01", Verdict.PASSED, "Assets"),
        result("PB-ASSET-02", Verdict.FAILED, "Assets", expected="404", actual=HOSTILE),
        result("PB-ASSET-03", Verdict.FAILED, "Assets", because_of="PB-ASSET-02"),
        result("PB-ARCH-01", Verdict.WARNED, "Record archives"),
        result("PB-ARCH-02", Verdict.NOT_VERIFIED, "Record archives"),
    ),
    notes=(HOSTILE,),
    problems=(HOSTILE,),
    command=HOSTILE,
)


DEFECT = Variant("some-defect", "defect", "somewhere", HOSTILE, ("PB-A-01",), (object,))
OUTCOME = Outcome(
    "some-defect",
    frozenset(),
    {"PB-A-01": Finding(Verdict.FAILED, HOSTILE), "PB-A-02": Finding(Verdict.FAILED)},
)
RESTS_ON: dict[str, tuple[str, ...]] = {"PB-A-01": (), "PB-A-02": ("PB-A-01",)}
PROOF = Proof(
    None,
    (judge(DEFECT, OUTCOME, DependencyClosure(RESTS_ON)),),
    problems=(HOSTILE,),
    order=tuple(RESTS_ON),
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the pages are served."""
    folder = tmp_path_factory.mktemp("reports")
    other = replace(RUN, target=replace(RUN.target, name="other"), results=RUN.results[:2][::-1])
    passed = replace(other.results[0], part=replace(other.results[0].part, verdict=Verdict.PASSED))
    other = replace(other, results=(passed, *other.results[1:]))
    (folder / "report.html").write_text(report.render("html", RUN), encoding="utf-8")
    both = compare([RUN, other], over_time=False)
    (folder / "comparison.html").write_text(FORMATS["html"](both), encoding="utf-8")
    (folder / "proof.html").write_text(PROOFS["html"](PROOF), encoding="utf-8")
    with serving(folder) as base:
        yield base


def shown(page: Page) -> list[str | None]:
    return [one.get_attribute("id") for one in page.css(SHOWN)]


def test_the_verdict_and_the_root_causes_lead_with_what_follows_folded(page: Page, url: str) -> None:
    page.open(f"{url}/report.html")
    page.sees("not conformant: 2 rules violated", ".hero")
    (first, second) = page.css("ol.causes > li")
    assert "PB-ASSET-02" in first.text
    assert "PB-ASSET-03" not in first.text
    page.click("1 rule follows from it")
    assert "PB-ASSET-03" in first.text
    assert "PB-ARCH-01" in second.text
    assert shown(page) == ["PB-ASSET-02", "PB-ASSET-03", "PB-ARCH-01", "PB-ARCH-02", "PB-ASSET-01"]


def test_a_report_is_filtered(page: Page, url: str) -> None:
    page.open(f"{url}/report.html")
    page.sees("5 of 5 rules", "output")
    page.one("input[value=passed]").click()
    page.sees("4 of 5 rules", "output")
    assert not page.one("section:last-of-type").is_displayed()  # no heading without a rule
    Select(page.one("[name=area]")).select_by_visible_text("PixieBrix: Record archives")
    assert shown(page) == ["PB-ARCH-01", "PB-ARCH-02"]
    Select(page.one("[name=level]")).select_by_visible_text("inferred")
    assert shown(page) == ["PB-ARCH-01"]
    page.one("[name=text]").send_keys("told pb-arch-02")  # words of its evidence, but of the other rule
    page.sees("0 of 5 rules", "output")


def test_an_anchor_opens_its_rule_whatever_the_filter(page: Page, url: str) -> None:
    page.open(f"{url}/report.html#PB-ASSET-01")
    page.wait(page.one("#PB-ASSET-01 .body").is_displayed, "the rule is not open")
    page.one("input[value=warned]").click()
    assert "PB-ARCH-01" not in shown(page)
    page.click("PB-ARCH-01", "ol.causes a")
    page.wait(page.one("#PB-ARCH-01 .body").is_displayed, "the rule is not open")
    assert "The reason of PB-ARCH-01" in page.text("#PB-ARCH-01")
    assert page.one("#PB-ARCH-01 a[href='#PB-ARCH-01']").is_displayed()  # to be copied


def test_the_curl_of_a_rule_is_copied_as_it_stands(page: Page, url: str) -> None:
    permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"]
    page.driver.execute_cdp_cmd("Browser.grantPermissions", {"origin": url, "permissions": permissions})
    page.open(f"{url}/report.html#PB-ASSET-02")
    page.click("Copy", "#PB-ASSET-02 pre.curl + button")
    page.sees("Copied", "#PB-ASSET-02")
    copied = page.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == page.css("#PB-ASSET-02 pre.curl")[0].text
    assert copied.startswith("curl -i 'http://localhost:1/api/</script><img")


def test_the_result_is_in_the_page_and_can_be_downloaded(page: Page, url: str) -> None:
    page.open(f"{url}/report.html")
    page.click("Download the result as JSON")
    file = page.downloads / "dbcontract-result.json"
    page.wait(lambda: file.exists() and file.stat().st_size, "nothing was downloaded")
    assert json.loads(file.read_text()) == json.loads(json.dumps(to_document(RUN)))
    file.unlink()


def test_the_evidence_of_what_passed_is_drawn_when_its_rule_is_opened(page: Page, url: str) -> None:
    page.open(f"{url}/report.html")
    assert "by PB-ASSET-01" not in page.driver.page_source  # it is in the page once, packed
    page.click("PB-ASSET-01", "summary")
    page.click("1. GET", "#PB-ASSET-01 summary")
    page.sees('"told": "by PB-ASSET-01"', "#PB-ASSET-01 pre")
    page.sees('"large": 12345678901234567890', "#PB-ASSET-01 pre")
    page.one("[name=text]").send_keys("told pb-asset-01")
    page.sees("1 of 5 rules", "output")
    assert shown(page) == ["PB-ASSET-01"]


def test_it_prints_with_the_evidence_of_what_did_not_pass(page: Page, url: str) -> None:
    page.open(f"{url}/report.html")
    assert "by PB-ASSET-02" not in page.text("main")
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        printed = page.text("main")
        assert not page.one("form.filters").is_displayed()
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    for rule in ("PB-ASSET-02", "PB-ASSET-03", "PB-ARCH-01", "PB-ARCH-02"):
        assert f"The statement of {rule}" in printed
        assert f'"by {rule}"' in printed
    assert "The title of PB-ASSET-01" in printed
    assert "The statement of PB-ASSET-01" not in printed


def test_a_comparison_is_filtered_and_tells_why(page: Page, url: str) -> None:
    page.open(f"{url}/comparison.html")
    page.sees("Differences (1)", "h2")
    page.click("failed", "#PB-ASSET-02 summary")
    page.sees("The reason of PB-ASSET-02", "#PB-ASSET-02")
    Select(page.one("[name=area]")).select_by_visible_text("PixieBrix: Record archives")
    page.sees("2 of 5 rules", "output")
    assert [one.is_displayed() for one in page.css("section")] == [False, True, False]


@pytest.mark.parametrize("name", ["report", "comparison", "proof"])
def test_hostile_content_is_inert(page: Page, url: str, name: str) -> None:
    page.open(f"{url}/{name}.html")
    page.driver.execute_script(OPEN_ALL)
    page.sees("<img src=x onerror=document.title=1>")
    assert page.driver.title not in {"1", ""}
    assert page.css("img") == []
    assert "\u202e" not in page.text("html")


@pytest.mark.parametrize("name", ["report", "comparison", "proof"])
def test_nothing_keeps_anybody_out(page: Page, url: str, axe: str, name: str) -> None:
    found = []
    for width, scheme in itertools.product((390, 1280), ("light", "dark")):
        with emulated(page, width=width, scheme=scheme):
            page.open(f"{url}/{name}.html")
            page.driver.execute_script(OPEN_ALL)
            found += violations(page, axe)
            assert page.driver.execute_script("return document.documentElement.scrollWidth") <= width
    assert not found, "\n".join(found)
