"""The kinds of findings that all answers of a run feed, and the rules that are about them.

Light to import: what lists rules needs them, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from ..apis.base import apis

STATUS: Final = "status_code_conformance"
MEDIA_TYPE: Final = "content_type_conformance"
HEADERS: Final = "response_headers_conformance"
BODY: Final = "response_schema_conformance"
ACCEPTED: Final = "positive_data_acceptance"
REFUSED: Final = "negative_data_rejection"
FOUND: Final = "ensure_resource_availability"
GONE: Final = "use_after_free"
SERVER_ERROR: Final = "not_a_server_error"
NO_ANSWER: Final = "no_answer"

FUZZING_ONLY: Final = frozenset({ACCEPTED, REFUSED, FOUND, GONE})
"""What only fuzzing shows: generated input, and sequences of calls."""

HOW: Final = MappingProxyType(
    {
        STATUS: "Looks at the status of every answer of the run, those of fuzzing among them.",
        MEDIA_TYPE: "Looks at the Content-Type of every answer of the run with a body, its parameters aside.",
        HEADERS: "Looks for the described headers in every answer of the run.",
        BODY: "Validates the body of every answer of the run against the description.",
        SERVER_ERROR: "Looks for answers of 5xx in the run, but for failures that it provoked itself.",
        NO_ANSWER: "Looks for exchanges, those of fuzzing among them, that end without a complete answer.",
        ACCEPTED: "Fuzzing sends many valid requests, with ids that exist; 400, 406 and 415 are failures.",
        REFUSED: "Fuzzing, where it may change the target, breaks many generated bodies in one place each, "
        "unknown fields left aside; none may succeed.",
        FOUND: "Fuzzing follows the links of the description in sequences, and reads what they made.",
        GONE: "Fuzzing reads what it deleted in vain.",
    }
)
"""How each kind of finding comes about, as a sentence for reports."""


@cache
def schema_rules() -> Mapping[str, tuple[str, ...]]:
    """The kinds of findings that rules are about which all answers feed, by rule, of all APIs.

    Which operations a rule concerns, the catalogue says.
    """
    return MappingProxyType(
        {rule: kinds for api in apis().values() for rule, kinds in api.schema_rules.items()}
    )
