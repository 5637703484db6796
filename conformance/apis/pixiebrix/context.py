"""What a check of PixieBrix gets."""

from __future__ import annotations

from functools import cached_property

from ...authoring.context import Context
from ...schema.calls import Operation
from .api import API
from .arrange import GivenPixieBrix
from .nights import Guard
from .scratch import Scratch


class PixieBrix(Context):
    """A check of PixieBrix."""

    api = API.name

    @cached_property
    def given(self) -> GivenPixieBrix:
        """What can be set up."""
        return GivenPixieBrix(self)

    @property
    def scratch(self) -> Scratch:
        """What may be used here."""
        return self.environment.of(Scratch)

    def _guard(self) -> Guard:
        return Guard(self)

    def accepted(self, operation_id: str) -> str:
        """The Accept header of a call of an operation, unless it is to have another."""
        return str(self._accept(self.description.operation(operation_id), None, None))

    def _accept(self, operation: Operation, accept: str | None, version: str | None) -> str:
        return super()._accept(operation, accept, operation.asked_version if version is None else version)
