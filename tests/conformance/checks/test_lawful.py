"""Servers that keep the contract in unusual ways, by whose ways no check may be misled."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
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

from .judging_pixiebrix import Judge, Patch, judging, rules_of, told
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


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with judging(*MODULES) as one:
        yield one


def other_json(patch: pytest.MonkeyPatch) -> None:
    """Further fields, another order, white space, other headers, other wording."""

    def unusual(value: Any) -> Any:
        if isinstance(value, list):
            return [unusual(one) for one in value]
        if isinstance(value, dict):
            return {"_links": {}, **{name: value[name] for name in sorted(value, reverse=True)}}
        return value

    def reply(ask: Ask, answer: Reply) -> None:
        if not ask.path.startswith("/api") or not answer.headers.get("content-type", "").startswith(
            "application/json"
        ):
            return
        value = unusual(answer.json)
        if answer.status >= 400 and isinstance(value, dict) and "detail" in value:
            value["detail"] = "Das geht nicht."
        answer.body = json.dumps(value, indent=1).encode()
        version = re.search(r"version=([0-9.]+)", answer.headers["content-type"])
        named = f'; Version="{version[1]}"' if version else ""
        answer.headers["content-type"] = f"Application/JSON; charset=UTF-8{named}"
        answer.headers["server"] = "another"
        if "www-authenticate" in answer.headers:
            answer.headers["www-authenticate"] = 'Bearer realm="api"'

    spoil(patch, reply=reply)


def other_links(patch: pytest.MonkeyPatch) -> None:
    """Relative targets, unquoted relations after other parameters, and first and last on every page."""

    def reply(ask: Ask, answer: Reply) -> None:
        if answer.status != 200 or ask.method != "GET" or "page_size" not in ask.query:
            return
        links = re.findall(r'<[^?>]*(\?[^>]*)>; rel="(\w+)"', answer.headers.get("link", ""))
        known = {relation for _, relation in links}
        size = ask.query["page_size"]
        ends = {"first": 1, "last": ask.query.get("page", 1)} if "x-total-count" in answer.headers else {}
        if "next" in known:
            ends.pop("last", None)
        links += [(f"?page={n}&page_size={size}", name) for name, n in ends.items() if name not in known]
        answer.headers["link"] = ", ".join(f'<{to}>; title="a, b; c";rel={name}' for to, name in links)

    spoil(patch, reply=reply)


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


def quick_jobs(patch: pytest.MonkeyPatch) -> None:
    """Jobs have ended when they are first read, and show no more than they must."""

    def reply(ask: Ask, answer: Reply) -> None:
        if ask.path.startswith(JOBS) and answer.status == 200:
            kept = ("id", "status", "data", "error_message")
            details = answer.json
            answer.json = {name: details[name] for name in kept if details[name] is not None}

    spoil(patch, reply=reply)


def slow_jobs(patch: pytest.MonkeyPatch) -> None:
    """Jobs end only when they were read four times, and are pending at first."""

    def reply(ask: Ask, answer: Reply) -> None:
        if ask.path.startswith(JOBS) and answer.status == 200 and answer.json["status"] == "STARTED":
            answer.json = {**answer.json, "status": "PENDING"}

    spoil(patch, reply=reply)


_LOOKS = {quick_jobs: 0, slow_jobs: 4}
"""How often a job is read before it has ended, where it is not the mock's own pace."""


@pytest.mark.parametrize(
    "unusual", [other_json, other_links, other_refusals, other_files, quick_jobs, slow_jobs]
)
def test_what_is_unusual_is_not_wrong(judge: Judge, unusual: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    unusual(monkeypatch)
    if unusual in _LOOKS:
        monkeypatch.setattr(judge.running.sandbox.settings, "job_polls", _LOOKS[unusual])
    results = {rule: judge(rule) for rule in rules_of(*MODULES)}
    misled = {rule: told(result) for rule, result in results.items() if result.verdict is not Verdict.PASSED}
    allowed = {"PB-JOB-23"} if unusual is quick_jobs else set()
    assert set(misled) == allowed, misled


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
