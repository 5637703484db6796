"""What a check of Pieces OS gets."""

from __future__ import annotations

from functools import cached_property

from ...authoring.context import Context
from ...schema.calls import Operation
from .api import API
from .arrange import GivenPieces


class Pieces(Context):
    """A check of Pieces OS."""

    api = API.name

    @cached_property
    def given(self) -> GivenPieces:
        """What can be set up."""
        return GivenPieces(self)

    def second(self) -> Pieces:
        """A second, empty instance.

        Raises:
            NotVerified: there is none.
        """
        environment = self.run.environments.open_second(self.environment)
        self.trace.environments.append(environment)
        found = Pieces(self.run, environment, self.rule_id, self.trace)
        if self.run.session.gate is not None:
            # What is changed there can be told only by what was there.
            found.raw("GET", "/database/export", note="looks at the second instance")
        return found

    def _accept(self, operation: Operation, accept: str | None, version: str | None) -> str:
        del operation
        if accept is None:
            # Which Accept an operation bears is the subject of rules of their own.
            accept = "*/*"
        return f"{accept}; version={version}" if accept and version else accept
