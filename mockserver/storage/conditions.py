"""Conditional requests (RFC 9110, 13): what a client has already, and whether a range still fits to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime

from ..state.instants import SECOND
from .errors import ConditionFailed

_TAGS = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


class Validators:
    """What tells one content of an object from another: its entity tag and the time of its last change."""

    def __init__(self, etag: str, modified: int) -> None:
        """Take the tag without quotes, and the instant in µs."""
        self.etag = etag
        self.seconds = modified // SECOND

    def headers(self) -> dict[str, str]:
        """The two as headers."""
        return {"ETag": f'"{self.etag}"', "Last-Modified": formatdate(self.seconds, usegmt=True)}

    def has_changed(self, sent: Mapping[str, str]) -> bool:
        """Whether the content is to be sent: False where the client has it already (304).

        Raises:
            ConditionFailed: the client wants another content than there is, or none that was changed since.
        """
        # The order, and that a tag takes the place of a date: RFC 9110, 13.2.2.
        if "if-match" in sent:
            if not self._among(sent["if-match"], strong=True):
                raise ConditionFailed("If-Match")
        elif (since := _seconds(sent.get("if-unmodified-since"))) is not None and self.seconds > since:
            raise ConditionFailed("If-Unmodified-Since")
        if "if-none-match" in sent:
            return not self._among(sent["if-none-match"], strong=False)
        since = _seconds(sent.get("if-modified-since"))
        return since is None or self.seconds > since

    def fits(self, if_range: str | None) -> bool:
        """Whether a range continues what the client has; if not, it gets the whole."""
        if if_range is None:
            return True
        if '"' in if_range:
            return self._among(if_range, strong=True)
        return _seconds(if_range) == self.seconds

    def _among(self, tags: str, *, strong: bool) -> bool:
        if tags.strip() == "*":
            return True
        return any(tag == self.etag and not (weak and strong) for weak, tag in _TAGS.findall(tags))


def _seconds(date: str | None) -> int | None:
    """An HTTP date in seconds; None for none, and for what is not a date: that is to be ignored."""
    if date is None:
        return None
    try:
        found = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
