"""Unusual ways to keep the contract that answer in place of the routing, by which no check may be misled."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from urllib.parse import urlsplit

import openpyxl
import pytest

from dbcontract.conformance.apis.pixiebrix import exports as exporting
from dbcontract.conformance.apis.pixiebrix.checks import (
    auth,
    errors,
    job_exports,
    job_files,
    job_filters,
    job_orders,
    jobs,
    page_links,
    pages,
    paths,
    record_pages,
    versions,
)
from dbcontract.conformance.results.results import Verdict
from dbcontract.conformance.target.target import Pace
from dbcontract.mockserver.apis.pixiebrix.state_of import state_of

from .judging_pixiebrix import Judge, Patch, rules_of, told
from .wrong_http import Ask, Reply, as_json, spoil

MODULES = (
    auth,
    errors,
    job_exports,
    job_files,
    job_filters,
    job_orders,
    jobs,
    page_links,
    pages,
    paths,
    record_pages,
    versions,
)
JOBS = "/api/databases/records/jobs/"
EXPORTS = "/_storage/exports/"


def other_refusals(patch: pytest.MonkeyPatch) -> None:
    """Bad pages are the first and bad sizes are refused; a path without its slash is redirected."""

    def ask(one: Ask) -> Reply | None:
        page, size = one.query.get("page", "1"), one.query.get("page_size", "1")
        if not size.isdigit() or size == "0":
            return as_json(400, {"page_size": ["No."]})
        if not page.isdigit() or page == "0":
            del one.query["page"]
        if one.method == "GET" and one.path.startswith("/api/") and not one.path.endswith("/"):
            bare = one.path.rpartition("/")[2]
            query = "&".join(f"{name}={value}" for name, value in one.query.items())
            return Reply(301, {"location": f"{bare}/?{query}"})
        return None

    spoil(patch, ask=ask)


def other_files(patch: pytest.MonkeyPatch) -> None:
    """Files in another style, behind opaque links that redirect, with a name of their own."""

    def restyled(answer: Reply) -> bytes:
        kind = answer.headers["content-type"].partition(";")[0]
        if kind == "application/json":
            return json.dumps(answer.json, ensure_ascii=False, indent=2).encode()
        if kind == "text/csv":
            text = io.StringIO(newline="")
            rows = list(csv.reader(io.StringIO(answer.body.decode(), newline="")))
            turned = [list(reversed(row)) for row in rows]
            csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(turned)
            return text.getvalue().encode("utf-8-sig")
        answer.headers["content-type"] = "application/xlsx"
        saved = io.BytesIO()
        openpyxl.load_workbook(io.BytesIO(answer.body)).save(saved)
        return saved.getvalue()

    def ask(one: Ask) -> Reply | None:
        if one.path.startswith("/opaque/"):
            path, _, query = bytes.fromhex(one.path.rpartition("/")[2]).decode().partition("?")
            return Reply(302, {"location": f"{path}?{query}"})
        return None

    def reply(one: Ask, answer: Reply) -> None:
        if one.path.startswith(EXPORTS) and answer.status == 200:
            answer.body = restyled(answer)
        elif one.path.startswith(JOBS) and one.method == "GET" and answer.status == 200:
            details = answer.json
            if details["data"]:
                parts = urlsplit(details["data"])
                sandbox = parts.path.partition("/_storage")[0]
                opaque = f"{parts.path}?{parts.query}".encode().hex()
                details["data"] = f"{parts.scheme}://{parts.netloc}{sandbox}/opaque/{opaque}"
            answer.json = details

    spoil(patch, ask=ask, reply=reply)


@pytest.mark.parametrize("unusual", [other_refusals, other_files])
def test_what_is_unusual_is_not_wrong(judge: Judge, unusual: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    unusual(monkeypatch)
    results = {rule: judge(rule) for rule in rules_of(*MODULES)}
    misled = {rule: told(result) for rule, result in results.items() if result.verdict is not Verdict.PASSED}
    assert misled == {}


def test_no_check_leaves_records_among_those_of_others(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "REALLY_APART", 0.002)
    monkeypatch.setattr(judge.running.sandbox.settings, "job_polls", 0)
    one = judge.of_database("Customers", "write", "storage")
    elsewhere = Judge(judge.running, replace(one.target, pace=Pace(job_poll=0.01)), judge.checks)
    databases = state_of(judge.running.sandbox).databases
    before = {id_: (one.name, list(one.records.rows())) for id_, one in databases.items()}
    for rule in rules_of(*MODULES):
        elsewhere(rule)
    assert {id_: (one.name, list(one.records.rows())) for id_, one in databases.items()} == before
