from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbcontract.mockserver.apis.pieces.state.errors import ImportRejected, NewerExport
from dbcontract.mockserver.apis.pieces.state.pieces import (
    COLLECTIONS,
    FORMATS,
    OPTIONAL_COLLECTIONS,
    REQUIRED_COLLECTIONS,
    PiecesDatabase,
)
from dbcontract.mockserver.state.errors import Wrong

VERSION = "9.1.2"
MIGRATION = 7
SEMANTIC = "MAJOR_0_MINOR_0_PATCH_1"


def packed(entries: list[dict[str, Any]]) -> list[int]:
    return list(json.dumps(entries, indent=1).encode())


def unpacked(raw: list[int]) -> list[dict[str, Any]]:
    return json.loads(bytes(raw)) if raw else []


def document(**fields: Any) -> dict[str, Any]:
    """An export with nothing in it but these fields."""
    return {
        **{name: [] for name in REQUIRED_COLLECTIONS},
        "values": {"iterable": []},
        "version": VERSION,
        "schema": {"migration": MIGRATION, "semantic": SEMANTIC},
        **fields,
    }


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in document().items() if key != name}


def values(*raws: Any) -> dict[str, Any]:
    return {"iterable": [{"id": str(index), "raw": raw} for index, raw in enumerate(raws)]}


def empty() -> PiecesDatabase:
    return PiecesDatabase(VERSION, MIGRATION, SEMANTIC)


@pytest.fixture
def database() -> PiecesDatabase:
    database = empty()
    database.load(
        document(
            assets=packed([{"id": "a1", "name": "one"}, {"id": "a2", "big": 2**80}]),
            hints=packed([{"id": "h1"}]),
            values={
                "iterable": [{"id": "v1", "raw": [0, 255]}, {"id": "v2", "raw": [], "schema": schema(3)}]
            },
        )
    )
    return database


def schema(migration: Any = MIGRATION, semantic: Any = SEMANTIC) -> dict[str, Any]:
    return {"migration": migration, "semantic": semantic}


def merge(database: PiecesDatabase, imported: Any) -> None:
    database.apply(database.plan(imported))


def test_an_export_has_every_field(database: PiecesDatabase) -> None:
    export = database.export()
    assert list(export) == [*COLLECTIONS, *FORMATS, "version", "schema"]
    assert len(REQUIRED_COLLECTIONS) == 15
    assert len(OPTIONAL_COLLECTIONS) == 12
    assert (export["version"], export["schema"]) == (VERSION, schema())
    assert export["tags"] == []
    assert export["messageValues"] == {"iterable": []}
    assert unpacked(export["assets"]) == [{"id": "a1", "name": "one"}, {"id": "a2", "big": 2**80}]
    assert export["values"]["iterable"] == [
        {"id": "v1", "raw": [0, 255]},
        {"id": "v2", "raw": [], "schema": schema(3)},
    ]
    assert json.loads(database.export_json()) == export


ENTRIES = st.lists(
    st.fixed_dictionaries(
        {"id": st.sampled_from("abcd"), "n": st.one_of(st.integers(), st.floats(0, 1e300))}
    ),
    max_size=4,
)
FORMAT_ENTRIES = st.lists(
    st.fixed_dictionaries(
        {"id": st.sampled_from("abcd"), "raw": st.binary(max_size=5).map(list)},
        optional={"schema": st.one_of(st.none(), st.builds(schema, st.integers(-5, 99)))},
    ),
    max_size=4,
)
DOCUMENTS = st.builds(
    lambda entries, formats: document(
        **{name: packed(items) for name, items in entries.items()},
        **{name: {"iterable": items} for name, items in formats.items()},
    ),
    st.dictionaries(st.sampled_from(["assets", "tags", "hints"]), ENTRIES, max_size=3),
    st.fixed_dictionaries({"values": FORMAT_ENTRIES}, optional={"messageValues": FORMAT_ENTRIES}),
)


def by_id(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """collection -> id -> entry; of two with one id, the later."""
    found = {name: {one["id"]: one for one in unpacked(document.get(name, []))} for name in COLLECTIONS}
    for name in FORMATS:
        items = document.get(name, {"iterable": []})["iterable"]
        found[name] = {
            one["id"]: {key: value for key, value in one.items() if value is not None} for one in items
        }
    return found


@given(DOCUMENTS, DOCUMENTS)
def test_an_import_merges_by_id_and_the_imported_entry_wins(first: Any, second: Any) -> None:
    database = empty()
    database.load(first)
    merge(database, second)
    left, right, both = by_id(first), by_id(second), by_id(database.export())
    for name in (*COLLECTIONS, *FORMATS):
        assert both[name] == {**left[name], **right[name]}
        assert list(both[name]) == list({**left[name], **right[name]})


@given(DOCUMENTS, DOCUMENTS)
def test_importing_again_changes_nothing(first: Any, second: Any) -> None:
    database = empty()
    database.load(first)
    merge(database, second)
    before = database.export_json()
    merge(database, second)
    assert database.export_json() == before
    merge(database, database.export())
    assert database.export_json() == before
    merge(database, json.loads(before))
    assert database.export_json() == before


@given(DOCUMENTS)
def test_an_import_into_an_empty_database_is_a_load(imported: Any) -> None:
    loaded, merged = empty(), empty()
    loaded.load(imported)
    merge(merged, imported)
    assert loaded.export_json() == merged.export_json()


class InjectedError(Exception):
    pass


@given(DOCUMENTS, DOCUMENTS)
def test_a_failure_after_any_number_of_entries_leaves_the_database_as_it_was(first: Any, second: Any) -> None:
    database = empty()
    database.load(first)
    before = database.export()  # not the JSON, which is kept from before
    plan = database.plan(second)
    seen: list[int] = []
    for after in range(plan.entries + 1):

        def probe(merged: int, after: int = after) -> None:
            assert database.export() == before
            if merged == after:
                raise InjectedError

        with pytest.raises(InjectedError):
            database.apply(plan, probe)
        assert database.export() == before
    database.apply(plan, seen.append)
    assert seen == list(range(plan.entries + 1))
    fresh = empty()
    fresh.load(first)
    merge(fresh, second)
    assert database.export_json() == fresh.export_json()


def test_a_plan_applies_to_the_contents_of_the_moment(database: PiecesDatabase) -> None:
    plan = database.plan(document(tags=packed([{"id": "t1"}]), assets=packed([{"id": "a1", "by": "plan"}])))
    merge(database, document(assets=packed([{"id": "a3"}]), tags=packed([{"id": "t0"}])))
    database.apply(plan)
    assert [one["id"] for one in unpacked(database.export()["assets"])] == ["a1", "a2", "a3"]
    assert unpacked(database.export()["tags"]) == [{"id": "t0"}, {"id": "t1"}]
    assert unpacked(database.export()["assets"])[0] == {"id": "a1", "by": "plan"}


def test_an_import_keeps_the_version_of_the_server(database: PiecesDatabase) -> None:
    merge(database, document(version="1.0.0", schema=schema(1, "UNKNOWN")))
    assert (database.export()["version"], database.export()["schema"]) == (VERSION, schema())
    database.load(document(version="99.0.0", schema=schema(99)))
    assert (database.export()["version"], database.export()["schema"]) == (VERSION, schema())


@pytest.mark.parametrize("of_list", [schema(3, "UNKNOWN"), None])
def test_a_list_of_values_may_have_a_schema_of_its_own(database: PiecesDatabase, of_list: Any) -> None:
    merge(database, document(values={**values([7]), "schema": of_list}))
    assert database.export()["values"]["iterable"][-1]["raw"] == [7]


def test_null_stands_for_an_absent_optional_field(database: PiecesDatabase) -> None:
    before = database.export_json()
    nothing = dict.fromkeys([*OPTIONAL_COLLECTIONS, "messageValues", "workstreamEventValues", "schema"])
    merge(database, document(**nothing))
    assert database.export_json() == before


@pytest.mark.parametrize(
    "version", ["9.1.3", "9.2.0", "10.0.0", "9.1.3-alpha", "99999999999999999999.0.0", "9.1.3+build"]
)
def test_a_higher_version_is_a_newer_export(database: PiecesDatabase, version: str) -> None:
    before = database.export_json()
    with pytest.raises(NewerExport):
        database.plan({"version": version, "assets": "malformed as well"})
    with pytest.raises(NewerExport) as caught:
        database.plan(document(version=version))
    assert caught.value.wrong.code == "newer-version"
    assert (str(caught.value.wrong.value), caught.value.mine) == (version, "9.1.2")
    assert database.export_json() == before


@pytest.mark.parametrize("version", ["9.1.2", "9.1.1", "8.99.99", "9.1.2-rc.1", "9.1.2+newer.build", "0.0.0"])
def test_the_same_or_a_lower_version_is_not(database: PiecesDatabase, version: str) -> None:
    assert database.plan(document(version=version)).entries == 0


def test_versions_compare_as_versions_and_not_as_texts() -> None:
    database = PiecesDatabase("10.0.0-rc.2", 1, "UNKNOWN")
    assert database.plan(document(version="9.99.0", schema=None)).entries == 0
    assert database.plan(document(version="10.0.0-rc.1", schema=None)).entries == 0
    for version in ("10.0.0", "10.0.0-rc.10", "10.0.0-rc.2.1"):
        with pytest.raises(NewerExport):
            database.plan(document(version=version, schema=None))


@pytest.mark.parametrize(
    "version",
    ["", "9", "9.1", "v9.1.2", "9.1.2.3", "01.0.0", " 9.1.2", "latest", 9, None, 9.1, [], "9.1\u0661.2"],
)
def test_what_is_not_a_version(database: PiecesDatabase, version: Any) -> None:
    with pytest.raises(ImportRejected) as caught:
        database.plan(document(version=version))
    wrong = caught.value.wrong
    assert (wrong.code, wrong.value, caught.value.place) == ("not-a-version", version, "version")


def test_a_higher_migration_is_a_newer_export_unless_something_is_malformed(database: PiecesDatabase) -> None:
    with pytest.raises(NewerExport) as caught:
        database.plan(document(schema=schema(8)))
    assert (caught.value.wrong, caught.value.mine) == (Wrong("newer-migration", 8), 7)
    with pytest.raises(ImportRejected):
        database.plan(document(schema=schema(8), assets=[300]))
    assert database.plan(document(schema=schema(6))).entries == 0


@pytest.mark.parametrize(
    ("malformed", "code", "place"),
    [
        (None, "not-an-object", ""),
        ([], "not-an-object", ""),
        ("x", "not-an-object", ""),
        (without("assets"), "missing", "assets"),
        (without("values"), "missing", "values"),
        (without("version"), "missing", "version"),
        (document(assets=None), "not-bytes", "assets"),
        (document(values=None), "not-an-object", "values"),
        (document(assets="AAEC"), "not-bytes", "assets"),
        (document(assets=b"[]"), "not-bytes", "assets"),
        (document(assets=[91, 93, 32, 300]), "not-a-byte", "assets[3]"),
        (document(assets=[91, -1]), "not-a-byte", "assets[1]"),
        (document(assets=[91, True]), "not-a-byte", "assets[1]"),
        (document(assets=[91, 93.0]), "not-a-byte", "assets[1]"),
        (document(assets=[91, "93"]), "not-a-byte", "assets[1]"),
        (document(assets=[2**70]), "not-a-byte", "assets[0]"),
        (document(assets=[32] * 65_537 + [None]), "not-a-byte", "assets[65537]"),
        (document(extra=[]), "unknown-field", ""),
        (document(values=[]), "not-an-object", "values"),
        (document(values={}), "missing", "values.iterable"),
        (document(values={"iterable": {}}), "not-an-array", "values.iterable"),
        (document(values={"iterable": [], "more": 1}), "unknown-field", "values"),
        (document(values={"iterable": [], "schema": {"migration": 1}}), "missing", "values.schema.semantic"),
        (document(values={"iterable": [7]}), "not-an-object", "values.iterable[0]"),
        (document(values={"iterable": [{"id": "x"}]}), "missing", "values.iterable[0].raw"),
        (document(values={"iterable": [{"id": 1, "raw": []}]}), "not-a-string", "values.iterable[0].id"),
        (document(values=values([], [0, 256])), "not-a-byte", "values.iterable[1].raw[1]"),
        (
            document(values={"iterable": [{"id": "x", "raw": [], "y": 1}]}),
            "unknown-field",
            "values.iterable[0]",
        ),
        (
            document(values={"iterable": [{"id": "x", "raw": [], "schema": schema("1")}]}),
            "not-an-integer",
            "values.iterable[0].schema.migration",
        ),
        (document(schema=[]), "not-an-object", "schema"),
        (document(schema={"migration": 1}), "missing", "schema.semantic"),
        (document(schema=schema(True)), "not-an-integer", "schema.migration"),
        (document(schema=schema(1, "NEWEST")), "unknown-semantic", "schema.semantic"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_malformed_import_is_refused_with_its_place(
    database: PiecesDatabase, malformed: Any, code: str, place: str
) -> None:
    before = database.export_json()
    for refuse in (database.plan, database.load):
        with pytest.raises(ImportRejected) as caught:
            refuse(malformed)
        assert (caught.value.wrong.code, caught.value.place) == (code, place)
    assert database.export_json() == before


@pytest.mark.parametrize(
    ("malformed", "value"),
    [
        ([7], [7]),
        (document(extra=[]), "extra"),
        (document(assets="AAEC"), "AAEC"),
        (document(assets=[91, True]), True),
        (document(values={"iterable": {}}), {}),
        (document(values={"iterable": [{"id": 1, "raw": []}]}), 1),
        (document(values={"iterable": [], "more": 1}), "more"),
        (document(schema=schema("1")), "1"),
        (document(schema=schema(1, "NEWEST")), "NEWEST"),
    ],
    ids=["array", "field", "bytes", "byte", "list", "id", "nested field", "migration", "semantic"],
)
def test_a_refusal_has_what_stands_there(database: PiecesDatabase, malformed: Any, value: Any) -> None:
    with pytest.raises(ImportRejected) as caught:
        database.plan(malformed)
    assert caught.value.wrong.value == value


def test_a_refusal_tells_its_place_where_it_has_one() -> None:
    whole, part = ImportRejected(Wrong("odd", 7)), ImportRejected(Wrong("odd", 7), "assets")
    assert (whole.place, str(whole), str(part)) == ("", "odd: 7", "assets: odd: 7")


def test_entries_with_one_id_count_once_and_the_last_wins(database: PiecesDatabase) -> None:
    plan = database.plan(document(tags=packed([{"id": "t", "n": 1}, {"id": "u"}, {"id": "t", "n": 2}])))
    assert plan.entries == 2
    database.apply(plan)
    assert unpacked(database.export()["tags"]) == [{"id": "t", "n": 2}, {"id": "u"}]


def test_a_large_import_is_planned_in_steps(database: PiecesDatabase) -> None:
    large = document(
        assets=packed([{"id": str(number), "text": "x" * 50} for number in range(10_000)]),
        values=values(*[[1] * 100] * 5_000),
    )
    assert sum(1 for _ in database.plan_steps(large)) > 20
    assert database.plan(large).entries == 15_000


@pytest.mark.parametrize("many", ["entries", "formats", "bytes of formats"])
def test_a_step_is_neither_large_nor_small(database: PiecesDatabase, many: str) -> None:
    def steps(imported: dict[str, Any]) -> int:
        return sum(1 for _ in database.plan_steps(imported))

    match many:
        case "entries":
            large = document(assets=list(b",".join([b'{"id":"x"}'] * 10_000).join([b"[", b"]"])))
        case "formats":
            large = document(values=values(*[[]] * 10_000))
        case _:
            large = document(values=values(*[[1] * 10_000] * 50))
    assert 4 <= steps(large) - steps(document()) <= 10


def test_what_went_in_is_not_what_is_kept(database: PiecesDatabase) -> None:
    imported = document(values=values([1, 2, 3]))
    merge(database, imported)
    before = database.export_json()
    imported["values"]["iterable"][0]["raw"].append(4)
    database.export()["values"]["iterable"].clear()
    assert database.export_json() == before
    assert json.loads(before) == database.export()
