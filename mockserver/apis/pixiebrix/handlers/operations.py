"""All operations of PixieBrix in one class, as Connexion's resolver wants them."""

from __future__ import annotations

from .account import AccountHandlers
from .archives import ArchiveHandlers
from .assets import AssetHandlers
from .databases import DatabaseHandlers
from .jobs import JobHandlers
from .records import RecordHandlers


class PixieBrixHandlers(
    DatabaseHandlers, RecordHandlers, JobHandlers, ArchiveHandlers, AssetHandlers, AccountHandlers
):
    """The operations of `openapi/pixiebrix.yaml` by operationId."""
