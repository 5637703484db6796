"""The checks of exported data, against servers that export something else."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import job_exports, job_files
from dbcontract.mockserver import artifacts
from dbcontract.mockserver.apis.pixiebrix.state import pixiebrix
from dbcontract.mockserver.apis.pixiebrix.state.jobs import Job, select
from dbcontract.mockserver.apis.pixiebrix.state.records import Row

from .judging_pixiebrix import Judge, Wrong, judging, wrong, wrongs_in
from .wrong_http import Ask, Reply, spoil

Pair = tuple[str, Row]


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with judging(job_exports, job_files) as one:
        yield one


def _file(patch: pytest.MonkeyPatch, change: Callable[[Reply], None]) -> None:
    """Files that are changed on their way."""

    def reply(ask: Ask, answer: Reply) -> None:
        if ask.path.startswith("/_storage/exports/"):
            change(answer)

    spoil(patch, reply=reply)


def _text(patch: pytest.MonkeyPatch, change: Callable[[str], str], kind: str = "text/csv") -> None:
    def changed(answer: Reply) -> None:
        if answer.headers["content-type"].startswith(kind):
            answer.body = change(answer.body.decode()).encode()

    _file(patch, changed)


def _rows(patch: pytest.MonkeyPatch, change: Callable[[list[Pair]], Sequence[Pair]]) -> None:
    """Other records than those that were chosen."""
    pairs = artifacts.Pairs
    patch.setattr(artifacts, "Pairs", lambda parts: list(change(list(pairs(parts)))))


def _items(patch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], Any]) -> None:
    """Elements of JSON exports that are changed."""
    _text(patch, lambda text: json.dumps([change(item) for item in json.loads(text)]), "application/json")


# Which records


@wrong("PB-JOB-24")
def links_are_dead(patch: pytest.MonkeyPatch) -> None:
    def change(answer: Reply) -> None:
        answer.status = 404

    _file(patch, change)


@wrong("PB-JOB-24")
def files_are_empty(patch: pytest.MonkeyPatch) -> None:
    def change(answer: Reply) -> None:
        answer.body = b""

    _file(patch, change)


@wrong("PB-JOB-24")
def links_need_the_token(patch: pytest.MonkeyPatch) -> None:
    def reply(ask: Ask, answer: Reply) -> None:
        if ask.path.startswith("/_storage/exports/") and "authorization" not in ask.headers:
            answer.status = 401

    spoil(patch, reply=reply)


@wrong("PB-JOB-29")
def files_are_named_by_id(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Job, "artifact_name", lambda self: f"{self.id}.json")


@wrong("PB-JOB-30")
def a_page_of_records(patch: pytest.MonkeyPatch) -> None:
    _rows(patch, lambda rows: rows[:100])


@wrong("PB-JOB-30")
def all_records_but_the_last(patch: pytest.MonkeyPatch) -> None:
    _rows(patch, lambda rows: rows[:-1])


@wrong("PB-JOB-31")
def the_first_database_only(patch: pytest.MonkeyPatch) -> None:
    _rows(patch, lambda rows: [row for row in rows if row[0] == rows[0][0]])


@wrong("PB-JOB-32")
def all_databases(patch: pytest.MonkeyPatch) -> None:
    def everything(databases: Any, _: object, start: int | None, end: int | None) -> Any:
        return select(databases, tuple(databases), start, end)

    patch.setattr(pixiebrix, "select", everything)


@wrong("PB-JOB-45")
def as_of_the_download(patch: pytest.MonkeyPatch) -> None:
    tables: dict[str, Any] = {}

    def remember(databases: Any, ids: tuple[str, ...], start: int | None, end: int | None) -> Any:
        tables.update({id_: databases[id_].records for id_ in ids})
        return select(databases, ids, start, end)

    patch.setattr(pixiebrix, "select", remember)
    patch.setattr(
        artifacts, "Pairs", lambda parts: [(id_, row) for id_, _ in parts for row in tables[id_].rows()]
    )


@wrong("PB-JOB-48")
def ten_thousand_records(patch: pytest.MonkeyPatch) -> None:
    _rows(patch, lambda rows: rows[:10_000])


@wrong("PB-JOB-48")
def one_record_twice_and_one_never(patch: pytest.MonkeyPatch) -> None:
    _rows(patch, lambda rows: [*rows[:-1], *rows[:1]])


# Formats


@wrong("PB-JOB-25", "PB-JOB-26")
def json_lines(patch: pytest.MonkeyPatch) -> None:
    _text(
        patch,
        lambda text: "".join(json.dumps(item) + "\n" for item in json.loads(text)),
        "application/json",
    )


@wrong("PB-JOB-25")
def csv_by_default(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> None:
        if one.method == "POST" and one.path.endswith("/jobs/"):
            one.json = {"media_type": "text/csv", **one.json}

    spoil(patch, ask=ask)


@wrong("PB-JOB-26", "PB-JOB-28")
def always_csv(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> None:
        if one.method == "POST" and one.path.endswith("/jobs/"):
            one.json = {**one.json, "media_type": "text/csv"}

    spoil(patch, ask=ask)


@wrong("PB-JOB-27")
def semicolons(patch: pytest.MonkeyPatch) -> None:
    _text(patch, lambda text: text.replace(",", ";"))


@wrong("PB-JOB-27")
def all_in_one_row(patch: pytest.MonkeyPatch) -> None:
    _text(patch, lambda text: text.replace("\r\n", ","))


@wrong("PB-JOB-27", "PB-JOB-28")
def the_last_row_is_lost(patch: pytest.MonkeyPatch) -> None:
    _rows(patch, lambda rows: rows[:-1])


@wrong("PB-JOB-28", "PB-JOB-43")
def a_workbook_that_is_cut_off(patch: pytest.MonkeyPatch) -> None:
    def change(answer: Reply) -> None:
        answer.body = answer.body[:-100] if answer.body.startswith(b"PK") else answer.body

    _file(patch, change)


@wrong("PB-JOB-28")
def an_archive_that_is_no_workbook(patch: pytest.MonkeyPatch) -> None:
    def change(answer: Reply) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("records.csv", "id\r\n")
        answer.body = packed.getvalue()

    _file(patch, change)


@wrong("PB-JOB-28", "PB-JOB-43", "PB-JOB-44")
def workbooks_fail(patch: pytest.MonkeyPatch) -> None:
    # jobs that fail for one media type alone are no matter of the rule that jobs come to their end
    patch.setattr(artifacts, "export_problem", lambda *_: "There is no room.")


@wrong("PB-JOB-44")
def everything_is_octets(patch: pytest.MonkeyPatch) -> None:
    def change(answer: Reply) -> None:
        answer.headers["content-type"] = "application/octet-stream"

    _file(patch, change)


# What the records look like


def _data(patch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], Any]) -> None:
    _items(patch, lambda item: {**item, "data": change(item["data"])})


@wrong("PB-JOB-39")
def nulls_are_left_out(patch: pytest.MonkeyPatch) -> None:
    _data(patch, lambda data: {name: value for name, value in data.items() if value is not None})


@wrong("PB-JOB-39")
def true_is_1(patch: pytest.MonkeyPatch) -> None:
    _data(patch, lambda data: {name: 1 if value is True else value for name, value in data.items()})


@wrong("PB-JOB-39")
def large_numbers_are_rounded(patch: pytest.MonkeyPatch) -> None:
    _data(patch, lambda data: {**data, "large": data["large"] + 1} if "large" in data else data)


@wrong("PB-JOB-39")
def everything_is_text(patch: pytest.MonkeyPatch) -> None:
    _data(patch, lambda data: {name: str(value) for name, value in data.items()})


@wrong("PB-JOB-39")
def letters_are_lost(patch: pytest.MonkeyPatch) -> None:
    _data(patch, lambda data: json.loads(json.dumps(data).replace("\\ud83d\\ude00", "?")))


@wrong("PB-JOB-40")
def as_the_records_endpoint_has_them(patch: pytest.MonkeyPatch) -> None:
    names = ("id", "data", "created_at")
    _items(patch, lambda item: {name: item[name] for name in names})


@wrong("PB-JOB-40")
def the_name_of_the_database(patch: pytest.MonkeyPatch) -> None:
    _items(patch, lambda item: {**item, "database": "Customers"})


@wrong("PB-JOB-40")
def times_of_the_export(patch: pytest.MonkeyPatch) -> None:
    _items(patch, lambda item: {**item, "created_at": "2020-02-29T00:00:00Z"})


@wrong("PB-JOB-40")
def by_database(patch: pytest.MonkeyPatch) -> None:
    _text(patch, lambda text: json.dumps({"records": json.loads(text)}), "application/json")


@wrong("PB-JOB-41", "PB-JOB-42")
def no_header(patch: pytest.MonkeyPatch) -> None:
    _text(patch, lambda text: text.partition("\r\n")[2])


@wrong("PB-JOB-41", "PB-JOB-43")
def the_fields_of_the_first_record(patch: pytest.MonkeyPatch) -> None:
    _rows(patch, lambda rows: rows[:1])


@wrong("PB-JOB-41")
def fields_without_their_prefix(patch: pytest.MonkeyPatch) -> None:
    _text(patch, lambda text: text.replace("data.", ""))


@wrong("PB-JOB-41")
def a_column_more(patch: pytest.MonkeyPatch) -> None:
    _text(patch, lambda text: re.sub("^id,", "number,id,", text).replace("\r\ndb", "\r\n1,db"))


def _written(patch: pytest.MonkeyPatch, change: Callable[[str], str], **options: Any) -> None:
    """CSV that is written otherwise."""

    def again(text: str) -> str:
        rows = list(csv.reader(io.StringIO(text, newline="")))
        out = io.StringIO(newline="")
        csv.writer(out, **options).writerows([change(cell) for cell in row] for row in rows)
        return out.getvalue()

    _text(patch, again)


@wrong("PB-JOB-42")
def quotes_are_escaped(patch: pytest.MonkeyPatch) -> None:
    _written(patch, str, doublequote=False, escapechar="\\")


@wrong("PB-JOB-42")
def broken_lines_are_joined(patch: pytest.MonkeyPatch) -> None:
    _written(patch, lambda cell: cell.replace("\r\n", "\n"))


@wrong("PB-JOB-42")
def spaces_are_stripped(patch: pytest.MonkeyPatch) -> None:
    _written(patch, str.strip)


@wrong("PB-JOB-42")
def another_encoding(patch: pytest.MonkeyPatch) -> None:
    def change(answer: Reply) -> None:
        answer.body = answer.body.decode().encode("utf-16")

    _file(patch, change)


@pytest.mark.parametrize("one", wrongs_in(globals()))
def test_wrong_data_violate_these_rules(judge: Judge, one: Wrong, monkeypatch: pytest.MonkeyPatch) -> None:
    one.patch(monkeypatch)
    assert judge.red(one.red) == one.red
