"""What can go wrong with an import, beside what can go wrong in any state."""

from __future__ import annotations

from ....state.errors import StateError, Wrong


class ImportRejected(StateError):
    """An import that is refused.

    Attributes:
        wrong: what is wrong with it; its value is what stands at that place.
        place: where in the document, such as `values.iterable[0].raw`; empty for the document itself.
    """

    def __init__(self, wrong: Wrong, place: str = "") -> None:
        super().__init__(f"{place}: {wrong}" if place else str(wrong))
        self.wrong = wrong
        self.place = place


class NewerExport(StateError):
    """An import that a newer server made than this one.

    Attributes:
        wrong: what of it is newer, with the value that it has.
        mine: what this server has there.
    """

    def __init__(self, wrong: Wrong, mine: object = None) -> None:
        super().__init__(f"{wrong} > {mine}")
        self.wrong = wrong
        self.mine = mine
