"""A model-based walk over export jobs: ordered, waited for and read while the records change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ....authoring.arrange import as_own, step
from ....authoring.check import check
from ....authoring.properties import StatefulTest, explore
from ..arrange import Database
from ..context import PixieBrix
from ..exports import exported
from ..merge_model import mergeable
from ..records import expect_data, later, path_of, written

_CHANGES = st.sampled_from(("write", "change", "delete"))


@check("PB-JOB-45", "PB-JOB-46")
def jobs_in_any_order(ctx: PixieBrix) -> None:
    """Changes records and orders exports of them in generated orders, and compares the files with a model."""
    database = ctx.given.database()
    with as_own(ctx):
        explore(ctx, lambda: _Jobs(ctx, database), examples=3, steps=10)


@dataclass
class _Job:
    """A job, and what its file should hold.

    Attributes:
        records: the data by key, as of its creation; None of what was deleted before.
        ended: its details when it had ended.
    """

    id: str
    records: dict[str, dict[str, Any] | None]
    ended: dict[str, Any] | None = None


class _Jobs(StatefulTest):
    """The model is the data of each key that was written; None once it is deleted."""

    def __init__(self, ctx: PixieBrix, database: Database) -> None:
        super().__init__()
        self._ctx = ctx
        self._database = database
        self._records: dict[str, dict[str, Any] | None] = {}
        self._jobs: list[_Job] = []

    @property
    def _there(self) -> list[str]:
        return [key for key, data in self._records.items() if data is not None]

    @rule(several=st.lists(mergeable(), min_size=1, max_size=3), what=_CHANGES, index=st.integers(0, 7))
    def change(self, several: list[dict[str, Any]], what: str, index: int) -> None:
        """New records, or other data for one, or one that goes."""
        if what == "write" or not self._there:
            keys = written(self._ctx, self._database, several)
            self._records.update(zip(keys, several, strict=True))
            return
        key = self._there[index % len(self._there)]
        path = path_of(self._database, key)
        if what == "change":
            with step("PB-REC-14", "change a record"):
                self._ctx.call("putRecord", path=path, json={"data": several[0]}).expect_status(200, 201)
            self._records[key] = several[0]
        else:
            with step("PB-REC-15", "delete a record"):
                self._ctx.call("deleteRecord", path=path).expect_status(204)
            self._records[key] = None

    @precondition(lambda self: self._there and len(self._jobs) < 3)
    @rule()
    def order(self) -> None:
        """A job for what is there now."""
        job_id = self._ctx.given.job(self._database, media_type="application/json")
        self._jobs.append(_Job(job_id, dict(self._records)))
        later(self._ctx)
        self.look_again()

    @precondition(lambda self: any(one.ended is None for one in self._jobs))
    @rule(index=st.integers(0, 2))
    def end(self, index: int) -> None:
        """A job ends, and its file has the records as of its creation, whatever became of them."""
        self.look_again()
        running = [one for one in self._jobs if one.ended is None]
        job = running[index % len(running)]
        job.ended = self._ctx.given.finished_job(job.id)
        with step("PB-JOB-21", "export records"):
            self._ctx.expect("the status of the job", "SUCCESS", job.ended.get("status"))
        answer = exported(self._ctx, job.ended)
        with step("PB-JOB-40", "read the exported data"):
            there = {element.get("id"): element for element in answer.expect_objects()}
        with step("PB-JOB-45", "export the records as they were"):
            for key, data in job.records.items():
                self._ctx.expect(f"the record {key} is in the export", data is not None, key in there)
                if data is not None:
                    expect_data(f"the exported data of {key}", data, there[key])
            added = sorted(self._records.keys() - job.records.keys())
            self._ctx.expect("the later records in the export", [], [key for key in added if key in there])

    def look_again(self) -> None:
        """A job that has ended stays as it is."""
        for job in self._jobs:
            if job.ended is not None:
                after = self._ctx.given.job_details(job.id)
                with step("PB-JOB-46", "read a finished job again"):
                    for name in ("id", "status", "created_at"):
                        self._ctx.expect(
                            f"the {name} of a finished job", job.ended.get(name), after.get(name)
                        )
