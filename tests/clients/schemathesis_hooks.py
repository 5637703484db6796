"""Which generated calls test_schemathesis.py leaves out, and what is put back; see schemathesis.toml.

Leaving single calls out, instead of asking an operation for no refusal at all, keeps every other bad call in.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import requests
import schemathesis
from schemathesis.core import NOT_SET
from schemathesis.core.transport import Response
from schemathesis.generation.meta import TestPhase


@schemathesis.hook("filter_case")
def no_bad_page_size(_context: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:
    """A bad `page_size` gets the default size instead of a refusal (docs/readings.md)."""
    size = (case.query or {}).get("page_size")
    return size is None or (str(size).isdecimal() and int(size) > 0)


@schemathesis.hook("filter_case")
def no_patch_without_a_body(_context: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:
    """A PATCH without a body (of `updateAsset`) changes nothing, as in the vendor's framework."""
    return case.method != "PATCH" or case.body is not NOT_SET


@schemathesis.hook("filter_case")
def no_null_in_filters(_context: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:
    """Null is taken for the filters of a job and in them, which the description leaves open."""
    body = case.body if case.operation.definition.raw.get("operationId") == "createExportJob" else None
    filters = body.get("filters", {}) if isinstance(body, dict) else {}
    return filters is not None and not (isinstance(filters, dict) and None in filters.values())


@schemathesis.hook
def after_call(_context: schemathesis.HookContext, case: schemathesis.Case[Any], response: Response) -> None:
    """What a single call has changed is taken back: the next one is to meet the data set as it was.

    Within a scenario the calls belong together, and what was changed stays so.
    """
    alone = case.meta is not None and case.meta.phase.name is not TestPhase.STATEFUL
    if alone and case.method != "GET" and response.status_code < 300:
        requests.post(urljoin(response.request.url or "", "/_mock/reset"), timeout=30).raise_for_status()
