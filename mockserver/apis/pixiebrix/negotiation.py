"""Accept negotiation: which version and media type answers (contract: PixieBrix, Conventions)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from ...extension_point import ExtensionPoint
from ...sandbox.sandbox import Sandbox
from ...web.negotiated import Negotiated
from ...web.problems import NotAcceptable
from .settings import settings_of
from .versions import VERSIONS

API_JSON = "application/vnd.pixiebrix.api+json"
FLAT_JSON = "application/vnd.pixiebrix.api.flat+json"
CSV = "text/csv"

_MAX_RANGES = 50


@dataclass(frozen=True, slots=True)
class Offer:
    """What one operation can answer with.

    Attributes:
        media_types: the preferred one first.
        versions: those that it serves.
        own: the answer where nothing is asked for; of an operation that does not serve the default version,
            only the errors have it.
        any_media_type: as for `negotiator`.
        negotiate: what `negotiator` made for it.
    """

    operation_id: str
    media_types: tuple[str, ...]
    versions: tuple[str, ...]
    own: Negotiated
    any_media_type: bool
    negotiate: Callable[[str], Negotiated]


class Negotiation:
    """How an `Accept` header is answered."""

    def choose(self, offer: Offer, accept: str | None) -> Negotiated:
        """Media type and version of the answer. Raises `NotAcceptable`."""
        return offer.negotiate(accept or "*/*")


NEGOTIATION: Final = ExtensionPoint("pixiebrix.negotiation", Negotiation, decides=frozenset({"choose"}))


class OperationOffers:
    """What one operation can answer with, by the version that is meant where none is asked for."""

    __slots__ = ("_offers",)

    def __init__(self, offers: Mapping[str, Offer]) -> None:
        self._offers = offers

    def own(self, sandbox: Sandbox) -> Negotiated:
        """The answer where nothing is asked for."""
        return self._offers[settings_of(sandbox).default_version].own

    def choose(self, sandbox: Sandbox, accept: str | None) -> Negotiated:
        """The answer to an `Accept` header. Raises `NotAcceptable`."""
        offer = self._offers[settings_of(sandbox).default_version]
        return sandbox.implementation[NEGOTIATION].choose(offer, accept)


def negotiated(
    operation_id: str, operation: Mapping[str, Any], media_types: tuple[str, ...]
) -> OperationOffers | None:
    """What an operation can answer with; None for one that has no versions.

    Args:
        operation_id: the operation's.
        operation: as the description has it.
        media_types: that it produces, the preferred one first.
    """
    versions = tuple(operation.get("x-versions", ()))
    if not versions:
        return None
    any_media_type = "302" in operation["responses"]
    return OperationOffers(
        {
            default: Offer(
                operation_id,
                media_types,
                versions,
                Negotiated(media_types[0], default),
                any_media_type,
                negotiator(media_types, versions, default, any_media_type=any_media_type),
            )
            for default in VERSIONS
        }
    )


@dataclass(frozen=True, slots=True)
class _Range:
    main: str
    sub: str
    version: str | None
    quality: float
    precedence: int

    def matches(self, media_type: str) -> bool:
        main, _, sub = media_type.partition("/")
        return self.main in {"*", main} and self.sub in {"*", sub}


def _parse_range(text: str) -> _Range | None:
    head, *parameters = [part.strip() for part in text.split(";")]
    main, slash, sub = head.lower().partition("/")
    if not slash or not main or not sub:
        return None
    version, quality = None, 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        name, value = name.strip().lower(), value.strip().strip('"')
        if name == "version":
            version = value
        elif name == "q":
            try:
                quality = min(max(float(value), 0.0), 1.0)
            except ValueError:
                quality = 1.0
    precedence = 0 if main == "*" else 1 if sub == "*" else 2 if version is None else 3
    return _Range(main, sub, version, quality, precedence)


def negotiator(
    media_types: tuple[str, ...], versions: tuple[str, ...], default: str, *, any_media_type: bool = False
) -> Callable[[str], Negotiated]:
    """A function from an Accept header to what answers it, for one operation; it remembers recent headers.

    Args:
        media_types: that the operation produces, the preferred one first.
        versions: that it serves.
        default: the version when none is asked for.
        any_media_type: the operation answers with a redirect or a file of any type, so that only a version
            can be refused.

    The returned function raises `NotAcceptable`.
    """

    def at(media_type: str, version: str) -> Negotiated:
        if version not in versions:
            msg = 'Invalid version in "Accept" header.'
            raise NotAcceptable(msg)
        return Negotiated(media_type, version)

    @lru_cache(maxsize=256)
    def negotiate(accept: str) -> Negotiated:
        ranges = [_parse_range(text) for text in accept.split(",", _MAX_RANGES)[:_MAX_RANGES] if text.strip()]
        if not ranges:
            return at(media_types[0], default)
        usable = [item for item in ranges if item is not None and item.quality > 0]
        # What is refused by name is refused, even if a wildcard would take it (RFC 9110, 12.5.1).
        refused = [item for item in ranges if item is not None and item.quality == 0 and item.version is None]
        for item in sorted(usable, key=lambda item: (item.quality, item.precedence), reverse=True):
            stronger = [other for other in refused if other.precedence > item.precedence]
            found = next(
                (
                    media
                    for media in media_types
                    if item.matches(media) and not any(other.matches(media) for other in stronger)
                ),
                None,
            )
            if found is None and not any_media_type:
                continue
            return at(found or media_types[0], default if item.version is None else item.version)
        msg = "Could not satisfy the request Accept header."
        raise NotAcceptable(msg)

    return negotiate
