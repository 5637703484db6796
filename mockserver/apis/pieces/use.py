"""How a client uses Pieces OS: the situations that it can meet, and what it can do wrong."""

from __future__ import annotations

from typing import Any, Final

from ...coverage.exchange import Exchange
from ...coverage.misuse import Misuse
from ...coverage.situation import Line, Request, Situation, fault, settings

_REQUIRED: Final = ("values", "version", "assets")


class PiecesMemory:
    """What is remembered of a client's earlier exchanges.

    Attributes:
        failed: the last import failed, and nothing was exported since.
    """

    def __init__(self) -> None:
        self.failed = False

    def note(self, exchange: Exchange) -> None:
        """Remember how an import ended."""
        if exchange.operation == "importDatabase":
            self.failed = exchange.status >= 500
        elif exchange.operation == "exportDatabase" and exchange.status == 200:
            self.failed = False


def _import(body: Any = None) -> Request:
    return Request("POST", "/database/import", body, url="pieces_url", variable="PIECES_OS_URL")


def _is_malformed(exchange: Exchange) -> bool:
    """Whether a body is not an export: not JSON, or without what every export has; not told of a cut one."""
    if not exchange.request.whole or not exchange.request.body:
        return False
    sent = exchange.request.object
    return not sent or any(name not in sent for name in _REQUIRED)


def _refused(exchange: Exchange, _: PiecesMemory) -> str | None:
    if exchange.status != 500 or exchange.forced or not _is_malformed(exchange):
        return None
    return f"importDatabase: {exchange.response.body[:200].decode('utf-8', 'replace')}"


SITUATIONS: Final = (
    Situation(
        id="import-of-a-newer-export",
        title="An import is refused with 505: the export comes from a newer server",
        operations=("importDatabase",),
        met=lambda exchange, _: exchange.status == 505,
        steps=(settings(os_version="0.0.1"),),
        then="import what was exported before",
        rules=("PI-VER-01", "PI-VER-10"),
    ),
    Situation(
        id="import-fails-inside",
        title="An import fails in the middle, and the database is as it was",
        operations=("importDatabase",),
        met=lambda exchange, _: exchange.status == 500 and not _is_malformed(exchange),
        steps=(fault("importDatabase", inside={"after": 1}, times=1),),
        then="import an export",
        rules=("PI-ERR-13", "PI-ROLL-13"),
    ),
    Situation(
        id="export-after-a-failed-import",
        title="After an import has failed, the client looks at what is there",
        operations=("exportDatabase",),
        met=lambda exchange, memory: exchange.status == 200 and memory.failed,
        steps=(fault("importDatabase", inside={"after": 1}, times=1),),
        then="import an export, and export",
        rules=("PI-ROLL-13", "PI-ROLL-15"),
    ),
    Situation(
        id="import-of-a-malformed-export",
        title="An import is refused, for its body is not an export",
        operations=("importDatabase",),
        met=lambda exchange, _: exchange.status == 500 and _is_malformed(exchange),
        steps=(_import({"version": "1.0.0"}),),
        rules=("PI-ERR-06", "PI-ROLL-03"),
    ),
    Situation(
        id="import-of-an-export",
        title="An export is imported, and merged",
        operations=("importDatabase",),
        met=lambda exchange, _: exchange.status == 204 and bool(exchange.request.body),
        steps=(
            Line(
                'mock.session().post(f"{mock.pieces_url}/database/import", '
                'json=mock.session().get(f"{mock.pieces_url}/database/export").json())',
                'curl -s "$PIECES_OS_URL/database/export" | curl -s -H "Content-Type: application/json" '
                '--data-binary @- "$PIECES_OS_URL/database/import"',
            ),
        ),
        rules=("PI-IMP-01", "PI-IMP-10"),
    ),
    Situation(
        id="import-without-a-body",
        title="An import without a body merges nothing",
        operations=("importDatabase",),
        met=lambda exchange, _: exchange.status == 204 and not exchange.request.body,
        steps=(_import(),),
        rules=("PI-IMP-08", "PI-IMP-09"),
    ),
    Situation(
        id="export-fails",
        title="An export cannot be made",
        operations=("exportDatabase",),
        met=lambda exchange, _: exchange.status == 500,
        steps=(fault("exportDatabase", status=500, times=1),),
        then="export",
        rules=("PI-EXP-18",),
    ),
)

MISUSES: Final = (
    Misuse(
        id="malformed-import",
        title="What is imported is not an export",
        remedy="Send what an export answered, whole and as JSON.",
        level="documented",
        source='"Database API | Python SDK", import: the body is an ExportedDatabase',
        operations=("importDatabase",),
        seen=_refused,
    ),
)
