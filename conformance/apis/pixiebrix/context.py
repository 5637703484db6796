"""What a check of PixieBrix gets."""

from __future__ import annotations

from functools import cached_property

from ...authoring.context import Context
from ...schema.description import Operation
from .api import API
from .arrange import GivenPixieBrix
from .nights import Guard


class PixieBrix(Context):
    """A check of PixieBrix."""

    api = API.name

    @cached_property
    def given(self) -> GivenPixieBrix:
        """What can be set up."""
        return GivenPixieBrix(self)

    def _guard(self) -> Guard:
        return Guard(self)

    def accepted(self, operation_id: str) -> str:
        """The Accept header of a call of an operation, unless it is to have another."""
        return str(self._accept(self.description.operation(operation_id), None, None))

    def _accept(self, operation: Operation, accept: str | None, version: str | None) -> str:
        if accept is None:
            accept = operation.produces[0] if operation.produces else "application/json"
        if version is None:
            version = operation.asked_version
        return f"{accept}; version={version}" if accept and version else accept
