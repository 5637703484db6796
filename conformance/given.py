"""What a check starts from: things made at the target, step by step.

A step that does not work raises `PrerequisiteFailed` with the rule that the step itself belongs to: the check
then says nothing about its own rule. What is made is removed after the check, where the API can remove it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .check import CheckFailed, PrerequisiteFailed

if TYPE_CHECKING:
    from .context import Context, Pieces


@contextmanager
def step(rule_id: str, what: str) -> Iterator[None]:
    """Tell a failure inside as that of a prerequisite."""
    try:
        yield
    except CheckFailed as error:
        message = f"to {what} did not work: {error}"
        raise PrerequisiteFailed(rule_id, message) from error


@contextmanager
def as_own(ctx: Context) -> Iterator[None]:
    """Tell the failure of a step as one of the check, if the step is what the check is about."""
    try:
        yield
    except PrerequisiteFailed as error:
        if error.rule != ctx.rule_id:
            raise
        cause = error.__cause__
        if isinstance(cause, CheckFailed):
            raise cause from None
        raise CheckFailed(error.what, "that it works", "it does not") from error


def field_of(value: Mapping[str, Any], *names: str) -> Any:
    """A field of an answer, however deep.

    Raises:
        CheckFailed: it is not there.
    """
    found: Any = value
    for name in names:
        if not isinstance(found, Mapping) or name not in found:
            raise CheckFailed("the fields of the answer", f"a field {'.'.join(names)}", dict(value))
        found = found[name]
    return found


class GivenPieces:
    """Steps for Pieces OS. What is imported stays: no operation removes anything."""

    def __init__(self, ctx: Pieces) -> None:
        self._ctx = ctx

    def export(self) -> dict[str, Any]:
        """A new export of the whole database."""
        with step("PI-EXP-01", "export the database"):
            return self._ctx.call("exportDatabase").expect_status(200).expect_json(dict)

    @cached_property
    def own(self) -> dict[str, Any]:
        """The export from before the check, made when it is first asked for; not to be changed."""
        return self.export()

    def probe(self, raw: Sequence[int] | None = None, *, id: str | None = None) -> dict[str, Any]:  # noqa: A002
        """An entry of `values` with an id and bytes of this run."""
        entry_id = id if id is not None else self._ctx.name("value")
        return {"id": entry_id, "raw": list(entry_id.encode() if raw is None else raw)}

    def probes(self, count: int) -> list[dict[str, Any]]:
        """So many different probes."""
        return [self.probe() for _ in range(count)]

    def importable(self, *entries: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
        """The target's own export with nothing but these entries in its `values`: the body of an import.

        Args:
            entries: see `probe`.
            fields: replace fields of the body, `version="99.0.0"`.
        """
        with step("PI-EXP-12", "read the version of the export"):
            body = {name: value for name, value in self.own.items() if name != "values"}
            field_of(body, "version")
        return {**body, "values": {"iterable": [dict(entry) for entry in entries]}, **fields}

    def imported(self, *entries: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Import these entries (by default one probe) and give them back."""
        chosen = [dict(entry) for entry in entries] or [self.probe()]
        body = self.importable(*chosen)
        with step("PI-IMP-01", "import an entry"):
            self._ctx.call("importDatabase", json=body).expect_status(204)
        return chosen
