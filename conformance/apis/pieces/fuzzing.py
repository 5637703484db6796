"""What fuzzing calls at a Pieces OS, and the bodies that it may make for it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from ...authoring.check import PrerequisiteFailed
from ...authoring.scope import Scope, reading
from .context import Pieces
from .exports import OPTIONAL_COLLECTIONS, REQUIRED_COLLECTIONS
from .latitude import IMPORT


def scope(ctx: Pieces, description: dict[str, Any]) -> Scope:
    """What to fuzz, by what is allowed."""
    if not ctx.can("write"):
        described = reading(description)
        return Scope(described, copy.deepcopy(described))
    # A server that takes what is broken would have it among what it holds.
    good_only = {"include-operation-id": IMPORT, "generation": {"mode": "positive"}}
    settings = () if ctx.can("destroy") else (good_only,)
    return Scope(description, _importable(ctx, description), settings=settings)


def _importable(ctx: Pieces, description: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the description, whose imports are of the target's own version, with empty collections.

    Otherwise nearly all would be refused for their version, whatever else is wrong with them. Without
    `destroy` their entries have ids of the run.
    """
    found = copy.deepcopy(dict(description))
    try:
        own = ctx.given.own
    except PrerequisiteFailed:
        return found  # What is wrong with the export, its own rules say.
    schemas = found["components"]["schemas"]
    fields = schemas["ExportedDatabaseInput"]["properties"]
    required, optional = schemas["ByteCollection"], schemas["OptionalByteCollection"]
    fields.update({name: {**required, "maxItems": 0} for name in REQUIRED_COLLECTIONS})
    fields.update({name: {**optional, "maxItems": 0} for name in OPTIONAL_COLLECTIONS})
    if not ctx.can("destroy"):
        entry = schemas["ExportedDatabaseFormatInput"]["properties"]
        entry["id"]["pattern"] = f"^{ctx.run.mark}[a-z0-9]{{1,8}}$"
    if isinstance(own.get("version"), str):
        fields["version"]["enum"] = [own["version"]]
    schema = own.get("schema")
    highest = schema.get("migration") if isinstance(schema, Mapping) else None
    # Where the target tells none, 0 is newer than nothing.
    bounds = {"minimum": 0, "maximum": highest if type(highest) is int else 0}
    schemas["OptionalEmbeddedModelSchemaInput"]["properties"]["migration"].update(bounds)
    return found
