"""The Content-Disposition header for file names of any script (RFC 6266, RFC 8187)."""

from __future__ import annotations

import re
from urllib.parse import quote

# What may stand in the quoted form without any client reading it differently: no quotes, escapes, separators,
# percent.
_UNSAFE = re.compile(r'[^\x20-\x7e]|["\\/%]')
_ATTR_CHAR = "!#$&+-.^_`|~"


def content_disposition(filename: str, kind: str = "attachment") -> str:
    """The header's value: always ASCII on one line, whatever the name holds.

    `filename` carries a plain form with `_` for what it cannot hold; `filename*` the exact name, where the
    two differ.
    """
    plain = _UNSAFE.sub("_", filename)
    value = f'{kind}; filename="{plain}"'
    if plain != filename:
        value += f"; filename*=UTF-8''{quote(filename, safe=_ATTR_CHAR, errors='replace')}"
    return value
