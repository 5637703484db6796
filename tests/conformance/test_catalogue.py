"""The catalogue: well formed, complete in the documents' headings and the operations, and usable."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
import yaml

from dbcontract import openapi
from dbcontract.conformance import catalogue as requirements
from dbcontract.conformance.apis.base import names
from dbcontract.conformance.authoring.check import discover
from dbcontract.conformance.catalogue import rules as catalogue
from dbcontract.conformance.catalogue.findings import schema_rules
from dbcontract.conformance.catalogue.rules import Capability, Catalogue, CatalogueError, Level, UnknownRule
from dbcontract.conformance.catalogue.traceability import render
from tests.openapi.contract_table import SOURCES

SDK_PAGE = "Database API | Python SDK"
PIXIEBRIX_PAGE = "Database APIs"
PARTS = (
    "Example",
    "Parameters",
    "Return type",
    "Authorization",
    "HTTP request headers",
    "HTTP response details",
)
HEADINGS = {
    SDK_PAGE: {
        "Database API",
        "database_export",
        "database_import",
        *(f"{operation}: {part}" for operation in ("database_export", "database_import") for part in PARTS),
    },
    PIXIEBRIX_PAGE: {PIXIEBRIX_PAGE, *SOURCES["pixiebrix"][PIXIEBRIX_PAGE]},
}


def document(api: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(
        files(f"dbcontract.conformance.apis.{api}").joinpath("requirements.yaml").read_bytes()
    )
    return loaded


def schema_errors(value: object) -> list[str]:
    schema = json.loads(files(requirements).joinpath("catalogue.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    errors = jsonschema.Draft202012Validator(schema).iter_errors(value)
    return [f"{error.json_path}: {error.message}" for error in errors]


def operations(api: str) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """(method, operation) by operationId."""
    return {
        operation["operationId"]: (method, operation)
        for path in openapi.load(api)["paths"].values()
        for method, operation in path.items()
        if method != "parameters"
    }


AREAS = {"DB": "Databases"}
DOCUMENTS = {PIXIEBRIX_PAGE: {"level": "documented"}, "a page": {"level": "published"}}


def whole(*rules: Mapping[str, Any], api: str = "pixiebrix") -> dict[str, Any]:
    parts = {"documents": DOCUMENTS, "areas": AREAS, "rules": [*rules]}
    return {"catalogue": api, "version": "1.0.0", **parts}


def text_of(*rules: Mapping[str, Any], api: str = "pixiebrix") -> str:
    return yaml.safe_dump(whole(*rules, api=api))


def entry(**changes: Any) -> dict[str, Any]:
    rule = {
        "id": "PB-DB-01",
        "level": "documented",
        "title": "A title",
        "statement": "A statement.",
        "source": {"document": PIXIEBRIX_PAGE, "heading": "Database APIs"},
        "operations": ["listDatabases"],
        "needs": ["read"],
        "depends_on": [],
        **changes,
    }
    return {name: value for name, value in rule.items() if value is not None}


@pytest.fixture(scope="module")
def rules() -> Catalogue:
    return catalogue.load_all()


@pytest.mark.parametrize("api", names())
def test_the_file_is_valid(api: str) -> None:
    assert schema_errors(document(api)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "PB-DB-1"},
        {"level": "sacred"},
        {"title": "x" * 71},
        {"statement": " padded"},
        {"source": {"document": PIXIEBRIX_PAGE}},
        {"source": {"document": "decision", "heading": "x"}},
        {"level": "inferred"},
        {"operations": []},
        {"needs": ["telepathy"]},
        {"needs": ["read", "read"]},
        {"needs": []},
        {"how": "Somehow."},
        {"untestable": "but with needs"},
        {"surprise": 1},
    ],
    ids=json.dumps,
)
def test_the_schema_refuses(changes: dict[str, Any]) -> None:
    assert schema_errors(whole(entry())) == []
    assert schema_errors(whole(entry(**changes)))


def test_every_rule_is_loaded_as_written(rules: Catalogue) -> None:
    written = [rule for api in names() for rule in document(api)["rules"]]
    assert [rule.id for rule in rules] == [rule["id"] for rule in written]
    for rule, original in zip(rules, written, strict=True):
        assert (rule.level, rule.title, rule.statement) == (
            original["level"],
            original["title"],
            original["statement"],
        )
        assert (rule.source.document, rule.source.heading) == tuple(original["source"].values())
        assert list(rule.operations) == original["operations"]
        assert list(rule.needs) == original["needs"]
        assert list(rule.depends_on) == original["depends_on"]
        assert rule.untestable == original.get("untestable")
        assert rule.testable is ("untestable" not in original)


def test_every_rule_that_can_be_tested_is(rules: Catalogue) -> None:
    """By a check of its own, or by all exchanges of a run."""
    testable = {rule.id for rule in rules if rule.testable}
    assert testable == set(discover().rules) | set(schema_rules())


def test_nothing_is_said_twice(rules: Catalogue) -> None:
    for texts in (
        [rule.id for rule in rules],
        [f"{rule.api} {rule.title}" for rule in rules],
        [f"{rule.api} {rule.statement}" for rule in rules],
    ):
        assert [text for text, count in Counter(texts).items() if count > 1] == []


def test_numbers_have_no_gaps_unless_a_rule_was_retired(rules: Catalogue) -> None:
    retired: set[str] = set()
    for area in {rule.id[:-3] for rule in rules}:
        numbers = [int(rule.id[-2:]) for rule in rules if rule.id[:-3] == area]
        expected = [number for number in range(1, numbers[-1] + 1) if f"{area}-{number:02}" not in retired]
        assert numbers == expected, area


@pytest.mark.parametrize("api", names())
def test_operations_and_rules_know_each_other(api: str) -> None:
    named = {name for rule in catalogue.load(api) for name in rule.operations}
    known = operations(api)
    judged = {name for name, (_, operation) in known.items() if not operation.get("x-around")}
    assert judged <= named <= set(known)


@pytest.mark.parametrize("api", names())
def test_a_documented_operation_has_a_documented_rule(api: str) -> None:
    covered = {
        name for rule in catalogue.load(api).filter(level=Level.DOCUMENTED) for name in rule.operations
    }
    documented = {name for name, (_, op) in operations(api).items() if op["x-level"] == "documented"}
    assert documented
    assert documented <= covered


@pytest.mark.parametrize("api", names())
def test_a_rule_that_writes_names_what_it_writes_with(api: str) -> None:
    methods = {name: method for name, (method, _) in operations(api).items()}
    for rule in catalogue.load(api):
        if Capability.WRITE in rule.needs:
            assert any(methods[name] != "get" for name in rule.operations), rule.id
        if Capability.DESTROY in rule.needs:
            assert Capability.WRITE in rule.needs, rule.id


@pytest.mark.parametrize("page", HEADINGS)
def test_every_heading_has_a_documented_rule(rules: Catalogue, page: str) -> None:
    documented = rules.filter(level="documented")
    assert {rule.source.heading for rule in documented if rule.source.document == page} == HEADINGS[page]


def test_the_graph_ends(rules: Catalogue) -> None:
    done: set[str] = set()
    for rule in rules.ordered():
        assert done >= set(rule.depends_on), rule.id
        done.add(rule.id)
    assert len(done) == len(rules)


def test_foundations_are_all_that_a_rule_depends_on(rules: Catalogue) -> None:
    assert rules.foundations("PB-ASSET-03") >= {"PB-ASSET-06", "PB-ASSET-04", "PB-AUTH-01"}
    for rule in rules:
        below = rules.foundations(rule.id)
        assert below >= {
            *rule.depends_on,
            *(far for one in rule.depends_on for far in rules.foundations(one)),
        }
        assert rule.id not in below


def test_rests_on_names_the_nearest_only(rules: Catalogue) -> None:
    """What another foundation depends on anyway would only hide which rule comes first."""
    for rule in rules:
        for name in rule.depends_on:
            others = set(rule.depends_on) - {name}
            assert not any(name in rules.foundations(other) for other in others), (rule.id, name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "no YAML"),
        ("[]", "has the fields"),
        (text_of(entry(), api="pieces"), "the catalogue of 'pieces'"),
        (text_of(entry(), entry()), "two rules have the id PB-DB-01"),
        (text_of(entry(depends_on=["PB-DB-02"])), "PB-DB-01 depends on PB-DB-02, which does not exist"),
        (
            text_of(entry(depends_on=["PB-DB-02"]), entry(id="PB-DB-02", depends_on=["PB-DB-01"])),
            "depend on each other: PB-DB-0",
        ),
        (text_of(entry(id="PI-EXP-01")), "'PI-EXP-01' is not an id"),
        (text_of(entry(level="sacred")), "PB-DB-01: 'sacred'"),
        (text_of(entry(needs=["telepathy"])), "PB-DB-01: 'telepathy'"),
        (text_of(entry(title=None)), r"PB-DB-01: missing \['title'\]"),
        (text_of(entry(surprise=1)), r"unknown \['surprise'\]"),
        (
            text_of(entry(how="Somehow.")),
            "PB-DB-01: `how` a rule is checked belongs in the first paragraph of the docstring of its check",
        ),
        (text_of(entry(source="x")), "PB-DB-01"),
        ("{catalogue: pixiebrix, version: 1, documents: {}, areas: {}, rules: [7]}", "7 is not a rule"),
        ("{catalogue: pixiebrix, version: 1, documents: {}, areas: {}, rules: 7}", "rules is not a list"),
        ("{catalogue: pixiebrix, version: 1, documents: {}, areas: 7, rules: []}", "areas is not a mapping"),
        (
            "{catalogue: pixiebrix, version: 1, documents: 7, areas: {}, rules: []}",
            "documents is not a mapping",
        ),
        (
            text_of(entry(source={"document": "hearsay", "heading": "x"})),
            "PB-DB-01: 'hearsay' is not one of its documents; there are: Database APIs, a page, decision",
        ),
        (
            text_of(entry(source={"document": "a page", "heading": "x"})),
            "PB-DB-01: what 'a page' says is published, and not documented",
        ),
        (text_of(entry(level="inferred")), "what 'Database APIs' says is documented, and not inferred"),
        (text_of(entry(depends_on=["PI-EXP-01"])), "PB-DB-01 depends on PI-EXP-01, which does not exist"),
        (text_of(entry(id="PB-NEW-01")), "PB-NEW-01: the area NEW has no title; give it one under `areas`"),
    ],
)
def test_a_damaged_catalogue_is_not_loaded(text: str, message: str) -> None:
    with pytest.raises(CatalogueError, match=message):
        catalogue.parse(text, "pixiebrix")


def test_a_rule_is_found_by_its_id(rules: Catalogue) -> None:
    rule = rules["PB-ASSET-03"]
    assert rule.operations == ("createAsset", "getAsset")
    assert (rule.area, rule.area_title) == ("ASSET", "Assets")
    assert str(rule.source) == "Database APIs, Download a Database Asset"
    assert "PB-ASSET-03" in rules
    assert "PB-ASSET-99" not in rules


@pytest.mark.parametrize(
    ("name", "match"),
    [("PB-ASET-03", "PB-ASSET-03"), ("pb-asset-03", "PB-ASSET-03"), ("PI-ROL-01", "PI-ROLL-01")],
)
def test_an_unknown_id_suggests_a_near_one(rules: Catalogue, name: str, match: str) -> None:
    with pytest.raises(UnknownRule, match=f"there is no rule '{name}'; did you mean .*{match}") as caught:
        rules[name]
    assert match in caught.value.matches


def test_an_id_that_is_like_no_other_suggests_nothing(rules: Catalogue) -> None:
    with pytest.raises(UnknownRule, match=r"there is no rule 'xyzzy'$") as caught:
        rules["xyzzy"]
    assert caught.value.matches == ()


def test_patterns_select_in_the_order_of_the_catalogue(rules: Catalogue) -> None:
    chosen = [rule.id for rule in rules.select(["pb-csv-0[12]", "PI-VER-*", "PB-CSV-01"])]
    expected = [rule.id for rule in rules if rule.id.startswith("PI-VER-")]
    assert chosen == [*expected, "PB-CSV-01", "PB-CSV-02"]
    assert rules.select(["*"]) == rules.rules
    assert rules.select([]) == ()


def test_a_pattern_that_matches_nothing_is_an_error(rules: Catalogue) -> None:
    with pytest.raises(UnknownRule, match=r"'PB-ASSETS-\*'"):
        rules.select(["PI-*", "PB-ASSETS-*"])


def test_filters_combine(rules: Catalogue) -> None:
    assert rules.filter() == rules.rules
    chosen = rules.filter(level="documented", api="pieces", testable=False)
    assert {rule.id for rule in chosen} == {"PI-DESC-02", "PI-VER-10", "PI-VER-11"}
    parts = [rules.filter(level=level, api=api) for level in Level for api in names()]
    assert all(parts)
    assert sum(map(len, parts)) == len(rules)
    with pytest.raises(ValueError, match="sacred"):
        rules.filter(level="sacred")
    with pytest.raises(catalogue.UnknownCatalogue, match="control"):
        rules.filter(api="control")


def test_each_api_can_be_loaded_alone(rules: Catalogue) -> None:
    parts = [catalogue.load(api) for api in names()]
    assert rules.rules == parts[0].rules + parts[1].rules
    assert rules.version == f"{parts[0].version}, {parts[1].version}"
    assert parts[0].version == f"pieces {document('pieces')['version']}"
    assert parts[0] == catalogue.load("pieces")
    with pytest.raises(catalogue.UnknownCatalogue, match="there are: pieces, pixiebrix"):
        catalogue.load("control")


def test_importing_the_catalogue_is_cheap() -> None:
    program = (
        "import sys; before = set(sys.modules); import dbcontract.conformance.catalogue.rules;"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"schemathesis", "hypothesis", "jsonschema", "requests", "pytest", "jinja2", "connexion"}
    assert heavy.isdisjoint(done.stdout.split())


def test_text_stays_inside_its_cell() -> None:
    statement = "Takes `a|<b>*` or a|b, <c> and */*."
    page = render(catalogue.parse(text_of(entry(statement=statement)), "pixiebrix"), {})
    assert r"| Takes `a\|<b>*` or a\|b, &lt;c> and \*/\*. | PB-DB-01 |" in page
