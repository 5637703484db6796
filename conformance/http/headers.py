"""The headers of an answer, and what they say: media type, charset, links."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from email.message import Message
from functools import lru_cache
from typing import Final
from urllib.parse import urljoin

from .wire import Header

_PARAMETERS = re.compile(r"(?:[^,\"]|\"[^\"]*\")*+")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,]+))", re.IGNORECASE)

_CHARSETS: Final = frozenset({"ascii", "utf-8", "utf-16", "utf-32", "iso8859-1", "iso8859-15", "cp1252"})
"""By the names of their codecs; others that Python has are slow without bounds, or no charsets."""
_LONGEST_TYPE: Final = 1_000


class Headers:
    """The headers of an answer; names in any case."""

    def __init__(self, headers: tuple[Header, ...]) -> None:
        self._headers = headers

    def get(self, name: str, default: str | None = None) -> str | None:
        """The first header of that name."""
        return next((value for value in self.get_all(name)), default)

    def get_all(self, name: str) -> list[str]:
        """All headers of that name."""
        return [value for known, value in self._headers if known.lower() == name.lower()]

    def __contains__(self, name: str) -> bool:
        return bool(self.get_all(name))

    def __iter__(self) -> Iterator[Header]:
        return iter(self._headers)

    @property
    def media_type(self) -> str | None:
        """`application/json`, in lower case and without parameters; None without a Content-Type."""
        value = self.get("Content-Type")
        return value.partition(";")[0].strip().lower() if value else None

    @property
    def media_parameters(self) -> dict[str, str]:
        """The parameters of the Content-Type, `{"version": "2.0"}`; names in lower case."""
        return dict(_parameters((self.get("Content-Type") or "")[:_LONGEST_TYPE]))

    @property
    def charset(self) -> str:
        """The usual charset that the Content-Type claims, by the name of its codec; else UTF-8."""
        try:
            charset = codecs.lookup(self.media_parameters.get("charset", "utf-8")).name
        except (LookupError, ValueError):
            charset = "utf-8"
        return charset if charset in _CHARSETS else "utf-8"

    def links(self, base: str) -> dict[str, str]:
        """The Link header (RFC 8288) of what `base` answered: absolute addresses by relation."""
        found: dict[str, str] = {}
        for header in self.get_all("Link"):
            for target, parameters in _links_in(header):
                for quoted, bare in _REL.findall(parameters):
                    for relation in (quoted or bare).split():
                        found.setdefault(relation.lower(), _absolute(base, target))
        return found


@lru_cache(maxsize=256)
def _parameters(content_type: str) -> tuple[tuple[str, str], ...]:
    message = Message()
    message["Content-Type"] = content_type
    return tuple((name.lower(), value) for name, value in (message.get_params() or [])[1:] if name)


def _links_in(header: str) -> Iterator[tuple[str, str]]:
    """The addresses in a Link header, each with its parameters; in one pass, whatever stands there."""
    start = header.find("<")
    while start >= 0 and (end := header.find(">", start)) >= 0:
        parameters = _PARAMETERS.match(header, end + 1)
        assert parameters is not None  # noqa: S101 (it matches nothing, too)
        yield header[start + 1 : end], parameters[0]
        start = header.find("<", parameters.end())


def _absolute(base: str, target: str) -> str:
    try:
        return urljoin(base, target)
    except ValueError:
        return target
