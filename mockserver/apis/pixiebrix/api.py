"""PixieBrix, as the mock serves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from ...extension_point import ExtensionPoint
from ...sandbox.sandbox import Sandbox
from ...storage.app import STORAGE
from ...storage.signing import SIGNER
from ...web.connexion.validation import VALIDATION
from ...web.negotiated import Negotiated
from ...web.request_policy import RequestPolicy
from ...web.wire_policy import WIRE_POLICY
from ..base import ServedApi
from .control import PixieBrixControl
from .errors import ERRORS
from .files import FILES, stored
from .handlers.operations import PixieBrixHandlers
from .loading import PixieBrixLoader
from .negotiation import NEGOTIATION, negotiated
from .overview import overview
from .pagination import PAGES
from .points import STATE, TABLE
from .samples import SampleIds, shown
from .security import SECURITY
from .settings import OPTIONS, PixieBrixSettingsOrders
from .snapshot.section import PixieBrixSection
from .state.records import KEY
from .state_of import state_of
from .use.memory import PixieBrixMemory
from .use.misuses import MISUSES
from .use.situations import SITUATIONS
from .visibility import admit

HANDLERS: Final = ExtensionPoint(
    "pixiebrix.handlers",
    PixieBrixHandlers,
    decides=frozenset(
        {
            "describe_archive",
            "describe_asset",
            "describe_database",
            "_bounds",
            "_filters",
            "_one",
            "_rendered",
        }
    ),
)


def _handlers(sandbox: Sandbox) -> object:
    return sandbox.implementation[HANDLERS]


def _error(sandbox: Sandbox, error: Exception, answer: Negotiated | None) -> Response:
    return sandbox.implementation[ERRORS].response(error, answer)


def _known_ids(sandbox: Sandbox) -> Mapping[str, str]:
    """Of one database as far as possible."""
    found: dict[str, str] = {}
    for database in list(state_of(sandbox).databases.values()):
        if len(database.records):
            found = {"databaseId": database.id, "recordKey": database.records.slice(0, 1)[0][KEY]}
            if database.organization_id is not None:
                found["organizationId"] = database.organization_id
            break
    for job in list(state_of(sandbox).jobs.values())[:1]:
        found["jobId"] = job.id
    return found


def _contents(sandbox: Sandbox) -> Mapping[str, Any]:
    return {
        "organizations": [
            {"id": one.id, "name": one.name} for one in state_of(sandbox).organizations.values()
        ],
        "databases": [
            {"id": one.id, "name": one.name, "organization_id": one.organization_id, "type": one.type}
            for one in list(state_of(sandbox).databases.values())[:20]
        ],
    }


API = ServedApi(
    name="pixiebrix",
    label="PixieBrix",
    base_path="/api",
    handlers=_handlers,
    error=_error,
    request_policy=RequestPolicy(forms=True, negotiate=negotiated, admit=admit),
    security=SECURITY,
    options=OPTIONS,
    settings=PixieBrixSettingsOrders(),
    loader=PixieBrixLoader,
    section=PixieBrixSection(),
    stored=stored,
    state=STATE,
    extension_points=(
        HANDLERS,
        STATE,
        TABLE,
        ERRORS,
        NEGOTIATION,
        PAGES,
        SECURITY,
        WIRE_POLICY,
        VALIDATION,
        STORAGE,
        FILES,
        SIGNER,
    ),
    defects=f"{__package__}.defects",
    conforming=f"{__package__}.conforming",
    known_ids=_known_ids,
    overview=overview,
    health=lambda sandbox: {"organizations": list(state_of(sandbox).organizations)},
    control=PixieBrixControl(),
    contents=_contents,
    shown=shown,
    samples=SampleIds.of,
    situations=SITUATIONS,
    misuses=MISUSES,
    memory=PixieBrixMemory,
)
