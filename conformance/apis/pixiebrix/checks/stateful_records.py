"""A model-based walk over records: written, merged, deleted and looked at in any order."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ....authoring.arrange import as_own, step
from ....authoring.check import check
from ....authoring.properties import StatefulTest, explore
from ..arrange import Database
from ..context import PixieBrix
from ..merge_model import STRATEGIES, mergeable, merged
from ..records import expect_data, listed, path_of, written

_RULES = {"replace": "PB-REC-19", "shallow": "PB-REC-20", "deep": "PB-REC-21", "deep_append": "PB-REC-22"}


@check("PB-REC-14", "PB-REC-15")
def records_in_any_order(ctx: PixieBrix) -> None:
    """Writes, merges and deletes records in generated orders, and compares with a model at each step."""
    database = ctx.given.database()
    with as_own(ctx):
        explore(ctx, lambda: _Records(ctx, database), examples=3, steps=10)


class _Records(StatefulTest):
    """The model is the data of each key that was written; None once it is deleted."""

    def __init__(self, ctx: PixieBrix, database: Database) -> None:
        super().__init__()
        self._ctx = ctx
        self._database = database
        self._model: dict[str, dict[str, Any] | None] = {}

    @property
    def _there(self) -> list[str]:
        return [key for key, data in self._model.items() if data is not None]

    @precondition(lambda self: len(self._model) < 4)
    @rule(several=st.lists(mergeable(), min_size=1, max_size=3))
    def create(self, several: list[dict[str, Any]]) -> None:
        """New records, in one request."""
        keys = written(self._ctx, self._database, several)
        self._model.update(zip(keys, several, strict=True))
        self._compare("PB-REC-09")

    @precondition(lambda self: self._model)
    @rule(index=st.integers(0, 7), data=mergeable())
    def put(self, index: int, data: dict[str, Any]) -> None:
        """Other data under a key, whether its record is there or was deleted."""
        key = list(self._model)[index % len(self._model)]
        with step("PB-REC-14", "put a record"):
            self._call("putRecord", key, {"data": data})
        self._model[key] = data
        self._compare("PB-REC-14")

    @precondition(lambda self: self._there)
    @rule(index=st.integers(0, 7), data=mergeable(), strategy=st.sampled_from(STRATEGIES))
    def merge(self, index: int, data: dict[str, Any], strategy: str) -> None:
        """Data that merge into a record by a strategy."""
        key = self._there[index % len(self._there)]
        with step(_RULES[strategy], f"merge data into a record, {strategy}"):
            self._call("putRecord", key, {"data": data, "merge_strategy": strategy})
        self._model[key] = merged(strategy, self._model[key] or {}, data)
        self._compare("PB-REC-14", key, _RULES[strategy])

    @precondition(lambda self: self._there)
    @rule(index=st.integers(0, 7))
    def delete(self, index: int) -> None:
        """A record goes, and no other with it."""
        key = self._there[index % len(self._there)]
        with step("PB-REC-15", "delete a record"):
            answer = self._ctx.call("deleteRecord", path=path_of(self._database, key))
            answer.expect_status(204)
        self._model[key] = None
        self._compare("PB-REC-15")

    def _call(self, operation: str, key: str, body: dict[str, Any]) -> None:
        answer = self._ctx.call(operation, path=path_of(self._database, key), json=body)
        answer.expect_status(200, 201)

    def _compare(self, changed_by: str, merged_key: str = "", merged_by: str = "") -> None:
        """Hold the list against the model; what is wrong is the fault of the change that was made last.

        Args:
            changed_by: the rule of that change.
            merged_key: a record whose data are the subject of another rule.
            merged_by: that rule.
        """
        with step("PB-REC-02", "list the records"):
            there = {record.get("id"): record for record in listed(self._ctx, self._database)}
        for known, data in self._model.items():
            with step(changed_by, "change nothing else"):
                self._ctx.expect(f"the record {known} is in the list", data is not None, known in there)
            if data is not None:
                with step(merged_by if known == merged_key else changed_by, "find the data of a record"):
                    expect_data(f"the data of {known}", data, there[known])
