"""The lockers, as the kit judges them."""

from __future__ import annotations

from functools import partial

from dbcontract import openapi
from dbcontract.conformance.apis.base import JudgedApi, Probe
from dbcontract.conformance.catalogue.findings import BODY, STATUS

API = JudgedApi(
    name="lockers",
    title="Parcel lockers",
    prefix="PL",
    package=__package__,
    description=partial(openapi.load, "lockers", written_out=True, package="parcel_lockers"),
    schema_rules={"PL-DESC-01": (STATUS,), "PL-DESC-02": (BODY,)},
    probe=Probe("/parcels", frozenset({200})),
    mock_path="/lockers",
)
