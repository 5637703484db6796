"""The result inside of an HTML report: packed, as it says again what the page says."""

from __future__ import annotations

import base64
import gzip
import json
import re
import zlib
from typing import Any, Final

from .document import FORMAT, NoResult

_RESULT: Final = re.compile(r'<script type="application/gzip" id="result">([A-Za-z0-9+/=]+)</script>')


def pack(document: str) -> str:
    """A JSON document as base64 of gzip: a tenth of it, and nothing that HTML takes for markup."""
    return base64.b64encode(gzip.compress(document.encode(), mtime=0)).decode("ascii")


def unpack(page: str) -> Any:
    """The JSON document of a page.

    Raises:
        NoResult: the page holds none, or a damaged one.
    """
    found = _RESULT.search(page)
    if found is None:
        msg = f"the page does not hold a report of the format {FORMAT}"
        raise NoResult(msg)
    try:
        return json.loads(gzip.decompress(base64.b64decode(found[1])))
    except (ValueError, OSError, EOFError, zlib.error) as error:
        msg = f"the page holds a damaged report of the format {FORMAT}"
        raise NoResult(msg) from error
