"""The right call of each operation of Pieces OS, made before a wrong one is judged: `authoring.controls`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ...authoring.check import NotVerified
from .context import Pieces


def _export(ctx: Pieces) -> None:
    ctx.given.export()


def _import(ctx: Pieces) -> None:
    if not ctx.can("write"):
        raise NotVerified("writing is not allowed", missing=("write",))
    ctx.given.imported()


RIGHT_CALLS: Final[Mapping[str, Callable[[Pieces], None]]] = MappingProxyType(
    {"exportDatabase": _export, "importDatabase": _import}
)
