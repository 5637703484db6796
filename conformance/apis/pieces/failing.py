"""The ways in which an import of Pieces OS can be made to fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...authoring.answer import Answer
from .context import Pieces
from .probes import conflicting, next_major, send


@dataclass(frozen=True, slots=True)
class Way:
    """One way to fail.

    Attributes:
        name: what goes before "the next one", as "an import with a wrong byte".
        make: an import with this probe among its entries, which has to fail when it is the next to be sent.
    """

    name: str
    ctx: Pieces
    make: Callable[[Mapping[str, Any]], dict[str, Any]]

    def document(self, probe: Mapping[str, Any]) -> dict[str, Any]:
        """What has to be sent; a failure that has to be ordered is."""
        return self.make(probe)

    def fail(self) -> Answer:
        """Send it with a probe of its own."""
        return send(self.ctx, self.document(self.ctx.given.probe()), look=False, note=self.name)


def ways_to_fail(ctx: Pieces) -> Iterator[Way]:
    """Those that the target and what is allowed give: early and late, by what is sent and from inside."""

    def wrong(byte: int) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
        return lambda probe: ctx.given.importable(probe, {**ctx.given.probe(), "raw": [1, 2, byte]})

    yield Way("an import with a byte of 256", ctx, wrong(256))
    yield Way("an import with a byte of -1", ctx, wrong(-1))
    version = next_major(ctx)
    yield Way("an import that is too new", ctx, lambda probe: ctx.given.importable(probe, version=version))
    noise = conflicting(ctx) if ctx.can("destroy") else {}
    if noise and _refuses(ctx, noise):
        yield Way(
            "an import that cannot be merged", ctx, lambda probe: {**ctx.given.importable(probe), **noise}
        )
    if ctx.can("inject"):

        def inside(probe: Mapping[str, Any]) -> dict[str, Any]:
            document = ctx.given.importable(probe, *ctx.given.probes(2))
            ctx.inject.fail_import_inside(after=2)
            return document

        yield Way("an import that failed inside", ctx, inside)


def _refuses(ctx: Pieces, noise: Mapping[str, Any]) -> bool:
    """Whether the target refuses other bytes for a collection; asked once a run, for it may take them."""
    seen, fact = ctx.run.seen, "other bytes of a collection are refused"
    if fact not in seen:
        answer = send(ctx, {**ctx.given.importable(), **noise}, note="are other bytes refused?")
        seen[fact] = answer.status >= 400
    return seen[fact]
