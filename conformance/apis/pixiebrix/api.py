"""PixieBrix, as the kit judges it."""

from __future__ import annotations

from functools import partial
from typing import Final

from dbcontract import openapi

from ..base import JudgedApi, Probe
from .scratch import Scratch

API: Final = JudgedApi(
    name="pixiebrix",
    title="PixieBrix",
    prefix="PB",
    package=__package__,
    description=partial(openapi.load, "pixiebrix", written_out=True),
    probe=Probe("/databases/records/jobs/", frozenset({400, 401, 403, 405, 406, 415})),
    usual_url="https://app.pixiebrix.com/api",
    mock_path="/api",
    needs_token=True,
    own_keys=Scratch,
)
