"""What data sets may hold of the lockers: entries of the kind `parcel`."""

from __future__ import annotations

from typing import Any

from dbcontract.fixtures.apis.base import DataApi, EntryKind, Known
from dbcontract.fixtures.values import instant, object_of, text, uuid


def _parcel(known: Known, entry: dict[str, Any]) -> None:
    known.add(("parcel",), entry["id"], "in the data set")


API = DataApi(
    name="lockers",
    kinds=(
        EntryKind(
            name="parcel",
            member="parcels",
            check=object_of({"id": uuid, "recipient": text(80), "created_at": instant}),
            accept=_parcel,
            schema={"type": "object", "required": ["id", "recipient", "created_at"]},
        ),
    ),
)
