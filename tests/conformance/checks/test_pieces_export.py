"""The checks of an export, and of the paths, against servers that are wrong in one place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from dbcontract.conformance.results.results import Verdict

from .judging import WRONG, judging_small, told, verdict_on
from .small_pieces import Reply, SmallPieces

Change = Callable[[dict[str, Any]], Any]


def _exporting(change: Change) -> type[SmallPieces]:
    """A server whose exports are changed."""

    class Exporting(SmallPieces):
        def export(self) -> dict[str, Any]:
            shown = super().export()
            changed = change(shown)
            return shown if changed is None else changed

    return Exporting


def _put(*path: str | int, value: Any) -> Change:
    def change(shown: dict[str, Any]) -> None:
        target: Any = shown
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = value

    return change


def _take(*path: str | int) -> Change:
    def change(shown: dict[str, Any]) -> None:
        target: Any = shown
        for step in path[:-1]:
            target = target[step]
        del target[path[-1]]

    return change


ENTRY = ("values", "iterable", 0)
EVENT = ("workstreamEventValues", "iterable", 0)
CHANGED = [
    ("PI-EXP-04", lambda shown: {"database": shown}),
    ("PI-EXP-04", lambda shown: [shown]),
    ("PI-EXP-04", _take("version")),
    ("PI-EXP-07", _take("websites")),
    ("PI-EXP-07", _take("analyses")),
    ("PI-EXP-08", _put("tags", value="b25l")),
    ("PI-EXP-08", _put("websites", value=[1, 256])),
    ("PI-EXP-08", _put("websites", value=[-1])),
    ("PI-EXP-08", _put("analyses", value=[True])),
    ("PI-EXP-08", _put("analyses", value=[1.0])),
    ("PI-EXP-08", _put("persons", value=None)),
    ("PI-EXP-09", _put("hints", value="b25l")),
    ("PI-EXP-09", _put("workstreamPatternEngineSources", value=[256])),
    ("PI-EXP-10", _put("values", value=[])),
    ("PI-EXP-10", _put("values", "iterable", value={})),
    ("PI-EXP-10", _put(*ENTRY, "id", value=7)),
    ("PI-EXP-10", _put(*ENTRY, "raw", value="AQI=")),
    ("PI-EXP-10", _take(*ENTRY, "raw")),
    ("PI-EXP-11", _put("messageValues", value=[])),
    ("PI-EXP-11", _take(*EVENT, "id")),
    ("PI-EXP-12", _put("version", value="")),
    ("PI-EXP-12", _put("version", value=11)),
    ("PI-EXP-13", _put("schema", "migration", value="7")),
    ("PI-EXP-13", _put("schema", "migration", value=True)),
    ("PI-EXP-13", _put(*EVENT, "schema", "semantic", value="0.0.1")),
    ("PI-EXP-14", _put("version", value="11.10")),
    ("PI-EXP-14", _put("version", value="v11.10.3")),
    ("PI-EXP-14", _put("version", value="011.10.3")),
]


@pytest.mark.parametrize(("rule", "change"), CHANGED)
def test_a_wrong_export_fails(rule: str, change: Change) -> None:
    result = verdict_on(_exporting(change)(), rule)
    assert result.verdict in WRONG, told(result)


class Answering(SmallPieces):
    """Answers exports by the headers of the request."""

    def get(self, headers: Mapping[str, str]) -> Reply:
        return self.changed(headers, super().get(headers))

    def changed(self, headers: Mapping[str, str], reply: Reply) -> Reply:
        raise NotImplementedError


class Created(Answering):
    def changed(self, headers: Mapping[str, str], reply: Reply) -> Reply:
        del headers
        return Reply(201, reply.body, reply.media_type)


class NoBytes(Answering):
    def changed(self, headers: Mapping[str, str], reply: Reply) -> Reply:
        del headers, reply
        return Reply(200)


class WantsAccept(Answering):
    def changed(self, headers: Mapping[str, str], reply: Reply) -> Reply:
        return reply if "Accept" in headers else Reply(406, b"no", "text/plain")


class WantsToken(Answering):
    def changed(self, headers: Mapping[str, str], reply: Reply) -> Reply:
        return reply if "Authorization" in headers else Reply(401, b"no", "text/plain")


class OctetStream(Answering):
    def changed(self, headers: Mapping[str, str], reply: Reply) -> Reply:
        del headers
        return Reply(200, reply.body, "application/octet-stream")


class LastTypeOfTheList(Answering):
    def changed(self, headers: Mapping[str, str], reply: Reply) -> Reply:
        return Reply(200, reply.body, headers.get("Accept", "*/*").rpartition(", ")[2])


class OneTypeOnly(Answering):
    def changed(self, headers: Mapping[str, str], reply: Reply) -> Reply:
        return Reply(406, b"no", "text/plain") if "," in headers.get("Accept", "") else reply


class KnowsKeys(Answering):
    def changed(self, headers: Mapping[str, str], reply: Reply) -> Reply:
        return Reply(403, b"no", "text/plain") if "X-Application-ID" in headers else reply


class FailsAs503(SmallPieces):
    def failing_export(self) -> Reply:
        return Reply(503, b"no", "text/plain")


class FailsAsJson(SmallPieces):
    def failing_export(self) -> Reply:
        return Reply(500, b'"no"', "application/json")


class OneBehind(SmallPieces):
    """Gives what it prepared at the export before."""

    prepared: bytes | None = None

    def get(self, headers: Mapping[str, str]) -> Reply:
        del headers
        fresh = json.dumps(self.export()).encode()
        ready, self.prepared = self.prepared or fresh, fresh
        return Reply(200, ready, "application/json")


class Counting(SmallPieces):
    """Writes every export down in the database."""

    def export(self) -> dict[str, Any]:
        values = self.state.lists["values"]
        self.put(values, {"id": f"export {len(values)}", "raw": []})
        return super().export()


class Draining(SmallPieces):
    """Hands everything out and keeps nothing."""

    def export(self) -> dict[str, Any]:
        shown = super().export()
        for entries in self.state.lists.values():
            entries.clear()
        return shown


class Prefixed(SmallPieces):
    def reply(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        return super().reply(
            method, path.removeprefix("/v1") if path.startswith("/v1") else "/", headers, body
        )


class PrefixedImport(SmallPieces):
    def reply(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        return super().reply(method, "/" if path == "/database/import" else path, headers, body)


class AnyMethod(SmallPieces):
    """Looks at the path only."""

    def reply(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        del method
        return super().reply("GET" if path.endswith("export") else "POST", path, headers, body)


class NotImplementedStatus(SmallPieces):
    def reply(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        reply = super().reply(method, path, headers, body)
        return Reply(501) if reply.status == 405 else reply


class QuietPut(SmallPieces):
    """Says no to PUT, and imports all the same."""

    def reply(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        if method == "PUT":
            super().post(headers, body)
        return super().reply(method, path, headers, body)


SERVERS = [
    ("PI-EXP-01", Created),
    ("PI-EXP-01", NoBytes),
    ("PI-EXP-02", WantsAccept),
    ("PI-EXP-03", WantsToken),
    ("PI-EXP-05", OctetStream),
    ("PI-EXP-06", LastTypeOfTheList),
    ("PI-EXP-06", OneTypeOnly),
    ("PI-EXP-15", OneBehind),
    ("PI-EXP-16", Counting),
    ("PI-EXP-16", Draining),
    ("PI-EXP-17", KnowsKeys),
    ("PI-EXP-18", FailsAs503),
    ("PI-EXP-19", FailsAsJson),
    ("PI-DESC-01", Prefixed),
    ("PI-DESC-01", PrefixedImport),
    ("PI-DESC-10", AnyMethod),
    ("PI-DESC-10", NotImplementedStatus),
    ("PI-DESC-10", QuietPut),
]


@pytest.mark.parametrize(("rule", "server"), SERVERS)
def test_a_wrong_server_fails(rule: str, server: type[SmallPieces]) -> None:
    result = verdict_on(server(), rule)
    assert result.verdict in WRONG, told(result)


def test_a_server_that_works_by_itself_for_a_moment_passes() -> None:
    class Working(SmallPieces):
        exports = 0

        def export(self) -> dict[str, Any]:
            self.exports += 1
            shown = super().export()
            return {**shown, "tags": [*shown["tags"], min(self.exports, 3)]}

    assert verdict_on(Working(), "PI-EXP-16").verdict is Verdict.PASSED


def test_an_export_without_any_schema_verifies_nothing_about_schemas() -> None:
    class NoSchema(SmallPieces):
        def export(self) -> dict[str, Any]:
            shown = super().export()
            del shown["schema"]
            for name in ("values", "messageValues", "workstreamEventValues"):
                shown[name] = {"iterable": []}
            return shown

    assert verdict_on(NoSchema(), "PI-EXP-13").verdict is Verdict.NOT_VERIFIED


def test_an_import_that_never_arrives_says_nothing_about_late_exports() -> None:
    class Drops(SmallPieces):
        def merge(self, document: dict[str, Any]) -> None:
            pass

    result = verdict_on(Drops(), "PI-EXP-15")
    assert result.verdict is Verdict.NOT_VERIFIED
    assert "keeps no entry" in result.reason


def test_the_paths_are_looked_for_without_writing() -> None:
    with judging_small(SmallPieces(), "write") as judge:
        result = judge("PI-DESC-01")
    assert result.verdict is Verdict.PASSED
    assert [exchange.method for exchange in result.evidence] == ["GET"]
