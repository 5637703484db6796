"""All defects and conforming variants, for the tests beside."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():  # the web framework warns of its own dependencies while it is imported
    warnings.simplefilter("ignore")
    from dbcontract.mockserver.variants.registry import Variant, discover

__all__ = ["ALL", "CONFORMING", "DEFECTS", "Variant", "named"]

ALL = discover()
DEFECTS = [one for one in ALL if one.kind == "defect"]
CONFORMING = [one for one in ALL if one.kind == "conforming"]


def named(name: str) -> Variant:
    return next(one for one in ALL if one.name == name)
