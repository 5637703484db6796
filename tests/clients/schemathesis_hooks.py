"""Which generated calls test_schemathesis.py leaves out; see schemathesis.toml.

Leaving single calls out, instead of asking an operation for no refusal at all, keeps every other bad call in.
"""

from __future__ import annotations

from typing import Any

import schemathesis
from schemathesis.core import NOT_SET


@schemathesis.hook("filter_case")
def no_bad_page_size(_context: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:
    """A bad `page_size` gets the default size instead of a refusal (docs/readings.md)."""
    size = (case.query or {}).get("page_size")
    return size is None or (str(size).isdecimal() and int(size) > 0)


@schemathesis.hook("filter_case")
def no_patch_without_a_body(_context: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:
    """A PATCH without a body (of `updateAsset`) changes nothing, as in the vendor's framework."""
    return case.method != "PATCH" or case.body is not NOT_SET
