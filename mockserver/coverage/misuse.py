"""What a client can do wrong, as far as its requests show; some of it the same for all APIs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from .exchange import Exchange

STORAGE: Final = frozenset({"downloadObject", "uploadObject"})
"""The operations of storage, which no description has, and which all APIs are told of."""

Level = Literal["documented", "published", "inferred"]


@dataclass(frozen=True, kw_only=True)
class Misuse:
    """One way to use an API wrongly.

    Attributes:
        id: short, in kebab-case: the kind of a finding.
        title: what the client does, as a sentence without a full stop.
        remedy: what it should do instead.
        level: how sure it is that this is wrong, as of the rules of the catalogue.
        source: the text that says so.
        operations: those whose exchanges can show it; empty for all.
        seen: what an exchange shows of it, in a few words; None where it does not.
        settled: what an exchange makes good, by what `seen` had said of it; None where it does not.
    """

    id: str
    title: str
    remedy: str
    level: Level
    source: str
    operations: tuple[str, ...] = ()
    seen: Callable[[Exchange, Any], str | None]
    settled: Callable[[Exchange, Any], str | None] | None = None


@dataclass(frozen=True)
class Accepted:
    """What an operation is described to take.

    Attributes:
        parameters: names of query parameters.
        prefixes: how the names of others begin, which are described as a kind.
        fields: names of the body's fields; None where these are not to be judged.
    """

    parameters: frozenset[str]
    prefixes: tuple[str, ...] = ()
    fields: frozenset[str] | None = None


class _Described:
    """What exchanges show when they are held against what the operations take."""

    def __init__(self, accepted: Mapping[str, Accepted]) -> None:
        self._accepted = accepted

    def unknown_parameter(self, exchange: Exchange, _: Any) -> str | None:
        known = self._accepted.get(exchange.operation or "")
        if known is None:
            return None
        found = [
            name
            for name, _ in exchange.parameters
            if name not in known.parameters and not name.startswith(known.prefixes or ("\0",))
        ]
        return None if not found else f"{exchange.operation} has no parameter {_named(found)}"

    def unknown_field(self, exchange: Exchange, _: Any) -> str | None:
        known = self._accepted.get(exchange.operation or "")
        if known is None or known.fields is None:
            return None
        sent = [name for one in exchange.request.objects for name in one]
        found = [name for name in sent if name not in known.fields]
        return None if not found else f"the body of {exchange.operation} has no field {_named(found)}"


def _unknown_path(exchange: Exchange, _: Any) -> str | None:
    if exchange.operation is not None or exchange.status != 404 or exchange.path == "/favicon.ico":
        return None
    return f"{exchange.method} {exchange.path[:200]}"


def _wrong_method(exchange: Exchange, _: Any) -> str | None:
    wrong = exchange.status == 405 and not exchange.forced
    return f"{exchange.method} {exchange.path[:200]}" if wrong else None


def _refused(exchange: Exchange, _: Any) -> str | None:
    if exchange.status != 400 or exchange.forced:
        return None
    if exchange.operation in STORAGE and "authorization" in exchange.request.headers:
        return None  # that is what storage refuses, and a finding of its own
    reason = exchange.response.body[:200].decode("utf-8", "replace")
    return f"{exchange.operation or exchange.path[:200]}: {reason}"


def _unread(exchange: Exchange, _: Any) -> str | None:
    if exchange.status != 415 or exchange.forced:
        return None
    return f"{exchange.operation} does not read {exchange.request.media_type or 'a body without a type'}"


def of_descriptions(accepted: Mapping[str, Accepted]) -> tuple[Misuse, ...]:
    """What can be judged by the descriptions alone.

    Args:
        accepted: what each operation takes.
    """
    described = _Described(accepted)
    return (
        Misuse(
            id="refused-request",
            title="A request is refused, for the description does not allow it",
            remedy="Send what the description has; the answer says which field or parameter is wrong.",
            level="inferred",
            source="the description",
            seen=_refused,
        ),
        Misuse(
            id="unread-media-type",
            title="A body is sent in a media type that the operation does not read",
            remedy="Send JSON, with `Content-Type: application/json`.",
            level="inferred",
            source="the description",
            seen=_unread,
        ),
        Misuse(
            id="unknown-parameter",
            title="A query parameter is sent that is not described, and so has no effect",
            remedy="Leave it out, or spell it as the description does; names are case-sensitive.",
            level="inferred",
            source="the description",
            seen=described.unknown_parameter,
        ),
        Misuse(
            id="unknown-field",
            title="A field is sent that is not described, and so has no effect",
            remedy="Leave it out, or spell it as the description does; names are case-sensitive.",
            level="inferred",
            source="the description",
            seen=described.unknown_field,
        ),
        Misuse(
            id="unknown-path",
            title="A path is called that no description has",
            remedy="Compare it with the description, and the base URL with the documented one.",
            level="documented",
            source="the description",
            seen=_unknown_path,
        ),
        Misuse(
            id="unknown-method",
            title="A path is called with a method that it does not have",
            remedy="Use one of those that the answer lists in `Allow`.",
            level="documented",
            source="the description",
            seen=_wrong_method,
        ),
    )


def _named(names: list[str]) -> str:
    return ", ".join(f'"{name[:80]}"' for name in dict.fromkeys(names[:5]))
