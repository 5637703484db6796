"""Wrong writes of records: creating, changing and deleting them (the published specification)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.responses import Response

from ....state import jsonio
from ....variants.defect import defect
from ....web.call import Call
from ....web.connexion.validation import BodyRule, Validation
from ....web.parameters import PathParameters
from ....web.problems import BadRequest, UnknownPath
from ..handlers.records import RecordHandlers
from ..state.merging import MergeStrategy
from ..state.pixiebrix import Item, PixieBrixState
from ..state.records import DATA, KEY, Discarded, RecordTable, Row


def _without_body(answer: Response, status: int) -> Response:
    return Response(None, status) if answer.status_code < 300 else answer


# Creating


@defect("PB-REC-08", "PB-DESC-03")
class CreationAnswers200(RecordHandlers):
    """Answers the creation of one record with 200."""

    def _one(self, row: Row, call: Call, status: int) -> Response:
        return super()._one(row, call, 200 if call.operation_id == "createRecords" else status)


@defect("PB-REC-08", "PB-DESC-05")
class CreationAnswersKeyOnly(RecordHandlers):
    """Answers the creation of one record with its key, and without its data."""

    def _one(self, row: Row, call: Call, status: int) -> Response:
        if call.operation_id != "createRecords":
            return super()._one(row, call, status)
        return Response(orjson.dumps({"id": row[KEY]}), status, None, call.answer.content_type)


@defect("PB-REC-08")
class CreationAnswersAnArray(RecordHandlers):
    """Answers the creation of one record with an array of one."""

    def _one(self, row: Row, call: Call, status: int) -> Response:
        if call.operation_id != "createRecords":
            return super()._one(row, call, status)
        return self._rendered([row], call, {}, status)


@defect("PB-REC-09", "PB-DESC-03")
class SeveralAnswer200(RecordHandlers):
    """Answers the creation of several records with 200."""

    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        answer = super()._rendered(rows, call, headers, status)
        answer.status_code = 200
        return answer


@defect("PB-REC-09")
class LastOfSeveralLost(PixieBrixState):
    """Writes all records of an array but the last one, off by one."""

    def put_records(self, db_id: str, items: Iterable[Item], now: int) -> list[Row]:
        chosen = list(items)
        written = super().put_records(db_id, chosen[:-1] or chosen, now)
        return [*written, written[-1]] if len(chosen) > 1 else written


# Putting


@defect("PB-REC-13", "PB-REC-26")
class PutOnlyChanges(PixieBrixState):
    """Answers 404 to a PUT of a key that does not exist yet."""

    def put_record(
        self, db_id: str, key: str, data: dict[str, Any], strategy: MergeStrategy, now: int
    ) -> tuple[Row, bool]:
        self.get_record(db_id, key)
        return super().put_record(db_id, key, data, strategy, now)


@defect("PB-REC-13", "PB-REC-14", "PB-DESC-03")
class PutAnswers204(RecordHandlers):
    """Answers a PUT with 204 and no record."""

    async def putRecord(self, call: Call) -> Response:
        return _without_body(await super().putRecord(call), 204)


@defect("PB-REC-14", "PB-REC-18", "PB-REC-19", "PB-REC-20", "PB-REC-21", "PB-REC-22", "PB-JOB-40")
class PutChangesNothing(PixieBrixState):
    """Leaves a record that exists as it is when its key is put."""

    def put_record(
        self, db_id: str, key: str, data: dict[str, Any], strategy: MergeStrategy, now: int
    ) -> tuple[Row, bool]:
        if key in self.database(db_id).records:
            return self.get_record(db_id, key), False
        return super().put_record(db_id, key, data, strategy, now)


@defect("PB-REC-14", "PB-JOB-40")
class PutChangesAll(PixieBrixState):
    """Changes all records of a database when one key is put, for want of a condition."""

    def put_record(
        self, db_id: str, key: str, data: dict[str, Any], strategy: MergeStrategy, now: int
    ) -> tuple[Row, bool]:
        records = self.database(db_id).records
        for row in list(records.rows()) if key in records else ():
            records.store(row[KEY], jsonio.dumps(data), now)
        return super().put_record(db_id, key, data, strategy, now)


@defect("PB-REC-14", "PB-REC-18", "PB-REC-19")
class PutMergesAtTheTop(PixieBrixState):
    """Merges the top-level keys with a PUT, as a PATCH would, where it should replace all data."""

    def put_record(
        self, db_id: str, key: str, data: dict[str, Any], strategy: MergeStrategy, now: int
    ) -> tuple[Row, bool]:
        used = MergeStrategy.SHALLOW if strategy is MergeStrategy.REPLACE else strategy
        return super().put_record(db_id, key, data, used, now)


@defect("PB-REC-20", "PB-REC-21", "PB-REC-22")
class PostKnowsNoStrategy(PixieBrixState):
    """Takes no notice of `merge_strategy` in a POST."""

    def put_records(self, db_id: str, items: Iterable[Item], now: int) -> list[Row]:
        return super().put_records(db_id, [(key, data, MergeStrategy.REPLACE) for key, data, _ in items], now)


@defect("PB-REC-23")
class StrategyInTheAnswer(RecordHandlers):
    """Answers a PUT with the body that was sent, `merge_strategy` included."""

    async def putRecord(self, call: Call) -> Response:
        answer = await super().putRecord(call)
        sent = {name: call.body[name] for name in ("data", "merge_strategy") if name in call.body}
        shown = {**jsonio.loads(bytes(answer.body)), **sent}
        return Response(jsonio.dumps(shown), answer.status_code, None, call.answer.content_type)


@defect("PB-REC-25", "PB-FILT-09", "PB-JOB-40")
class ChangeIsANewRecord(RecordTable):
    """Deletes and creates a record where it should change it, so that its creation moves."""

    def store_all(self, written: Iterable[tuple[str, bytes]], now: int) -> list[Row]:
        rows: list[Row] = []
        for key, data in written:
            if key in self:
                self.delete(key)
            rows += super().store_all([(key, data)], now)
        return rows


@defect("PB-REC-25")
class PostMovesCreation(PixieBrixState):
    """Sets the creation of a record that exists to now when it is posted again."""

    def put_records(self, db_id: str, items: Iterable[Item], now: int) -> list[Row]:
        chosen, records = list(items), self.database(db_id).records
        old = {key: records.get(key)[DATA] for key, _, _ in chosen if key in records}
        for key, data in old.items():
            records.delete(key)
            records.store(key, data, now)
        return super().put_records(db_id, chosen, now)


# Deleting


@defect("PB-REC-15", "PB-DESC-03")
class DeletionAnswers200(RecordHandlers):
    """Answers the deletion of a record with 200 and an empty object."""

    async def deleteRecord(self, call: Call) -> Response:
        await super().deleteRecord(call)
        return Response(b"{}", 200, None, call.answer.content_type)


@defect("PB-REC-15")
class DeletionIsForgotten(PixieBrixState):
    """Says that a record is deleted, and keeps it."""

    def delete_record(self, db_id: str, key: str, now: int) -> Row:
        return self.get_record(db_id, key)


@defect("PB-REC-15")
class DeletionTakesTheNeighbour(PixieBrixState):
    """Deletes the record before the deleted one, too."""

    def delete_record(self, db_id: str, key: str, now: int) -> Row:
        records = self.database(db_id).records
        row = super().delete_record(db_id, key, now)
        before = [one for one in records.rows() if one < row][-1:]
        for one in before:
            records.delete(one[KEY])
        return row


@defect("PB-REC-16", "PB-DESC-03")
class ClearingIsAccepted(RecordHandlers):
    """Answers 202 where all records of a database are deleted."""

    async def clearRecords(self, call: Call) -> Response:
        return _without_body(await super().clearRecords(call), 202)


@defect("PB-REC-16", "PB-DB-17")
class ClearingLeavesOne(RecordTable):
    """Leaves the first record where all are to be deleted, off by one."""

    def clear(self) -> Discarded:
        first = self.slice(0, 1)
        gone = super().clear()
        for row in first:
            self.store(row[KEY], row[DATA], row[0])
        return gone


# Keys


@defect("PB-REC-26")
class KeysDecodedTwice(Validation):
    """Takes the percent-encoding off a key twice, so that `%20` in it becomes a space."""

    def path(self, operation_id: str, parameters: PathParameters, values: dict[str, str]) -> dict[str, str]:
        found = super().path(operation_id, parameters, values)
        return {name: unquote(value) if name == "recordKey" else value for name, value in found.items()}


@defect("PB-REC-26")
class KeysOfASCIIOnly(Validation):
    """Answers 404 to a key with letters outside of ASCII."""

    def path(self, operation_id: str, parameters: PathParameters, values: dict[str, str]) -> dict[str, str]:
        found = super().path(operation_id, parameters, values)
        if not found.get("recordKey", "").isascii():
            raise UnknownPath("Not found.")
        return found


@defect("PB-REC-26")
class PlusInAKeyIsASpace(Validation):
    """Reads a plus sign in the key of a path as a space, which it is in queries only."""

    def path(self, operation_id: str, parameters: PathParameters, values: dict[str, str]) -> dict[str, str]:
        found = super().path(operation_id, parameters, values)
        return {
            name: value.replace("+", " ") if name == "recordKey" else value for name, value in found.items()
        }


# Validation


class _Mended(Validation):
    """Mends each record of a body before it is looked at, in a method that the subclass has."""

    def mend(self, record: dict[str, Any]) -> None: ...

    def values(self, rule: BodyRule, body: Any, *, long: bool) -> None:
        if rule.operation_id in {"createRecords", "putRecord"}:
            for record in body if isinstance(body, list) else [body]:
                if isinstance(record, dict):
                    self.mend(record)
        super().values(rule, body, long=long)


@defect("PB-REC-24", "PB-REC-35")
class UnknownStrategyReplaces(_Mended):
    """Takes an unknown `merge_strategy` for `replace`."""

    def mend(self, record: dict[str, Any]) -> None:
        strategy = record.get("merge_strategy")
        if isinstance(strategy, str) and strategy not in {one.value for one in MergeStrategy}:
            record.pop("merge_strategy", None)


@defect("PB-REC-32")
class EmptyStrategyRefused(_Mended):
    """Refuses an empty `merge_strategy` as an unknown one."""

    def mend(self, record: dict[str, Any]) -> None:
        if record.get("merge_strategy") == "":
            record["merge_strategy"] = "none"


@defect("PB-REC-32")
class EmptyStrategyMerges(_Mended):
    """Takes an empty `merge_strategy` for `shallow`."""

    def mend(self, record: dict[str, Any]) -> None:
        if record.get("merge_strategy") == "":
            record["merge_strategy"] = "shallow"


@defect("PB-REC-27", "PB-REC-28")
class MissingDataAreEmpty(_Mended):
    """Takes missing data for an empty object."""

    def mend(self, record: dict[str, Any]) -> None:
        record.setdefault("data", {})


@defect("PB-REC-27", "PB-REC-35")
class TextForData(_Mended):
    """Takes a text for data, and keeps it under `value`."""

    def mend(self, record: dict[str, Any]) -> None:
        if isinstance(record.get("data"), str):
            record["data"] = {"value": record["data"]}


class _Lenient(Validation):
    def values(self, rule: BodyRule, body: Any, *, long: bool) -> None:
        if rule.operation_id != "createRecords" or not isinstance(body, list):
            super().values(rule, body, long=long)


@defect("PB-REC-28", "PB-REC-35", also=(_Lenient,))
class GoodOnesOfABadArrayWritten(RecordHandlers):
    """Writes the good records of an array, and answers 400 for the bad ones."""

    async def createRecords(self, call: Call) -> Response:
        if not isinstance(call.body, list):
            return await super().createRecords(call)
        good = [one for one in call.body if isinstance(one, dict) and isinstance(one.get("data"), dict)]
        answer = await super().createRecords(replace(call, body=good))
        if len(good) < len(call.body):
            raise BadRequest({"data": ["This field is required."]})
        return answer


@defect("PB-REC-28", "PB-REC-35", also=(_Lenient,))
class BadOnesOfAnArrayPassedOver(RecordHandlers):
    """Writes the good records of an array, passes over the bad ones and answers 201."""

    async def createRecords(self, call: Call) -> Response:
        if not isinstance(call.body, list):
            return await super().createRecords(call)
        good = [one for one in call.body if isinstance(one, dict) and isinstance(one.get("data"), dict)]
        return await super().createRecords(replace(call, body=good))
