"""The checks of paths, versions and errors, against servers that are wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dbcontract.conformance.apis.pixiebrix.checks import errors, paths, versions

from .judging_pixiebrix import Judge, Wrong, judging, wrong, wrongs_in
from .wrong_http import Ask, OnReply, Reply, as_json, spoil


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with judging(errors, paths, versions) as one:
        yield one


def _worded(status: int, value: object) -> OnReply:
    def reply(_: Ask, answer: Reply) -> None:
        if answer.status == status:
            answer.json = value

    return reply


@wrong("PB-ERR-01")
def a_404_with_an_error(patch: pytest.MonkeyPatch) -> None:
    spoil(patch, reply=_worded(404, {"error": "Not found."}))


@wrong("PB-ERR-02")
def a_400_with_a_detail(patch: pytest.MonkeyPatch) -> None:
    spoil(patch, reply=_worded(400, {"detail": "Something is missing."}))


@wrong("PB-ERR-02")
def a_400_with_text_for_a_list(patch: pytest.MonkeyPatch) -> None:
    spoil(patch, reply=_worded(400, {"name": "missing", "databases": "missing", "filename": "missing"}))


@wrong("PB-ERR-04")
def a_403_in_a_list(patch: pytest.MonkeyPatch) -> None:
    spoil(patch, reply=_worded(403, ["You may not."]))


@wrong("PB-ERR-03")
def what_is_no_json_is_nothing(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> None:
        if one.method == "PATCH":
            one.body = b"{}"

    spoil(patch, ask=ask)


@wrong("PB-ERR-03")
def what_is_no_json_is_422(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> Reply | None:
        return as_json(422, {"detail": "no JSON"}) if one.body.startswith(b"these") else None

    spoil(patch, ask=ask)


@wrong("PB-ERR-05")
def errors_are_pages(patch: pytest.MonkeyPatch) -> None:
    def reply(_: Ask, answer: Reply) -> None:
        if answer.status == 404:
            answer.headers["content-type"], answer.body = "text/html", b"<h1>Not Found</h1>"

    spoil(patch, reply=reply)


@wrong("PB-ERR-07")
def words_break_the_server(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> Reply | None:
        return as_json(500, {"detail": "badly formed"}) if one.path.endswith("/jobs/no-uuid/") else None

    spoil(patch, ask=ask)


@wrong("PB-ERR-07")
def words_name_empty_databases(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> Reply | None:
        return as_json(200, []) if one.path == "/api/databases/no-uuid/records/" else None

    spoil(patch, ask=ask)


@wrong("PB-ERR-09")
def any_media_type_is_json(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> None:
        if "content-type" in one.headers:
            one.headers["content-type"] = "application/json"

    spoil(patch, ask=ask)


@wrong("PB-ERR-10")
def written_first_and_refused_then(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> None:
        if one.method == "PUT" and b"no object" in one.body:
            one.json = {"data": {"probe": "no object"}}

    def reply(one: Ask, answer: Reply) -> None:
        if one.method == "PUT" and b"no object" in one.body:
            answer.status, answer.json = 400, {"data": ["no object"]}

    spoil(patch, ask=ask, reply=reply)


@wrong("PB-ERR-10")
def the_rest_is_changed(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> None:
        if one.method == "PATCH" and b"no boolean" in one.body:
            one.json = {"is_uploaded": False}

    def reply(one: Ask, answer: Reply) -> None:
        if one.method == "PATCH" and b"no boolean" in one.body:
            answer.status, answer.json = 400, {"is_uploaded": ["no boolean"]}

    spoil(patch, ask=ask, reply=reply)


@wrong("PB-DESC-01")
def at_another_base_url(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> None:
        one.path = one.path.replace("/api/", "/api/api/")

    spoil(patch, ask=ask)


@wrong("PB-DESC-01")
def a_page_at_the_base_url(patch: pytest.MonkeyPatch) -> None:
    spoil(patch, ask=lambda _: Reply(200, {"content-type": "text/html"}, b"<h1>Welcome</h1>"))


@wrong("PB-DESC-02")
def slashes_are_demanded(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> Reply | None:
        return None if one.path.endswith("/") else as_json(404, {"detail": "Not found."})

    spoil(patch, ask=ask)


@wrong("PB-DESC-02")
def writes_demand_slashes(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> Reply | None:
        wrong = one.method == "PUT" and not one.path.endswith("/")
        return as_json(500, {"detail": "APPEND_SLASH"}) if wrong else None

    spoil(patch, ask=ask)


@wrong("PB-DESC-10")
def other_methods_are_not_found(patch: pytest.MonkeyPatch) -> None:
    def reply(_: Ask, answer: Reply) -> None:
        answer.status = 404 if answer.status == 405 else answer.status

    spoil(patch, reply=reply)


@wrong("PB-DESC-10")
def allow_forgets_a_method(patch: pytest.MonkeyPatch) -> None:
    def reply(_: Ask, answer: Reply) -> None:
        if "allow" in answer.headers:
            answer.headers["allow"] = answer.headers["allow"].replace("DELETE", "HEAD")

    spoil(patch, reply=reply)


@wrong("PB-DESC-11")
def unknown_parameters_are_refused(patch: pytest.MonkeyPatch) -> None:
    def ask(one: Ask) -> Reply | None:
        return as_json(400, {"detail": "?"}) if "dbcontract_unknown" in one.query else None

    spoil(patch, ask=ask)


@wrong("PB-DESC-11")
def unknown_parameters_filter(patch: pytest.MonkeyPatch) -> None:
    def reply(ask: Ask, answer: Reply) -> None:
        if "dbcontract_unknown" in ask.query and ask.path.endswith("/assets/"):
            answer.json = []

    spoil(patch, reply=reply)


@pytest.mark.parametrize("one", wrongs_in(globals()))
def test_a_wrong_server_violates_these_rules(
    judge: Judge, one: Wrong, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.patch(monkeypatch)
    assert judge.red(one.red) == one.red
