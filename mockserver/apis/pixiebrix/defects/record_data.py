"""Wrong data of records: stored otherwise than written, or merged otherwise than asked."""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from ....state import jsonio
from ....variants.defect import defect
from ....web.call import Call
from ..handlers.records import RecordHandlers
from ..state.merging import MergeStrategy, merge
from ..state.pixiebrix import PixieBrixState
from ..state.records import DATA, Row

Data = dict[str, Any]


def _walked(value: Any, change: Callable[[Any], Any]) -> Any:
    """JSON with each value in it changed, inner ones first."""
    if isinstance(value, dict):
        value = {name: _walked(one, change) for name, one in value.items()}
    elif isinstance(value, list):
        value = [_walked(one, change) for one in value]
    return change(value)


class _Shown(RecordHandlers):
    """Lists records with each value of their data changed, in a method that the subclass has."""

    def changed(self, value: Any) -> Any:
        return value

    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        if call.operation_id == "listRecords":
            rows = [
                (*row[:DATA], jsonio.dumps(_walked(jsonio.loads(row[DATA]), self.changed))) for row in rows
            ]
        return super()._rendered(rows, call, headers, status)


@defect("PB-REC-10")
class NullsDropped(_Shown):
    """Leaves fields that are null out of the list of records."""

    def changed(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: one for name, one in value.items() if one is not None}


@defect("PB-REC-10")
class EmptyContainersDropped(_Shown):
    """Leaves empty arrays and objects out of the list of records."""

    def changed(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: one for name, one in value.items() if one not in ([], {})}


@defect("PB-REC-10")
class TextTrimmed(_Shown):
    """Trims the spaces at both ends of texts in the list of records."""

    def changed(self, value: Any) -> Any:
        return value.strip() if isinstance(value, str) else value


@defect("PB-REC-10")
class TextNormalized(_Shown):
    """Turns a letter and its accent into one character in the list of records (Unicode's NFC)."""

    def changed(self, value: Any) -> Any:
        return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


@defect("PB-REC-10")
class LongTextCut(_Shown):
    """Shows no more than 255 characters of a text in the list of records."""

    def changed(self, value: Any) -> Any:
        return value[:255] if isinstance(value, str) else value


@defect("PB-REC-10")
class DigitsBecomeNumbers(_Shown):
    """Shows a text of digits as a number in the list of records."""

    def changed(self, value: Any) -> Any:
        return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


@defect("PB-REC-10")
class BooleansAsNumbers(_Shown):
    """Shows true and false as 1 and 0 in the list of records."""

    def changed(self, value: Any) -> Any:
        return int(value) if isinstance(value, bool) else value


@defect("PB-REC-10")
class NumbersOfSinglePrecision(_Shown):
    """Rounds numbers with a fraction to single precision in the list of records."""

    def changed(self, value: Any) -> Any:
        if not isinstance(value, float) or abs(value) > 1e38:
            return value
        return struct.unpack("f", struct.pack("f", value))[0]


# Merging


class _Merged(PixieBrixState):
    """Merges into a record that exists otherwise, in a method that the subclass has."""

    def wrongly(self, strategy: MergeStrategy, old: Data, new: Data) -> Data:
        return merge(strategy, old, new)

    def _merged(self, old: bytes | None, data: Data, strategy: MergeStrategy) -> bytes:
        if old is None:
            return super()._merged(old, data, strategy)
        return jsonio.dumps(self.wrongly(strategy, jsonio.loads(old), data))


@defect("PB-REC-14", "PB-REC-18", "PB-REC-19")
class ReplacingIsShallow(_Merged):
    """Keeps the other top-level keys where it should replace all data."""

    def wrongly(self, strategy: MergeStrategy, old: Data, new: Data) -> Data:
        return merge(MergeStrategy.SHALLOW if strategy is MergeStrategy.REPLACE else strategy, old, new)


@defect("PB-REC-20")
class ShallowIsDeep(_Merged):
    """Merges nested objects, too, with the strategy `shallow`."""

    def wrongly(self, strategy: MergeStrategy, old: Data, new: Data) -> Data:
        return merge(MergeStrategy.DEEP if strategy is MergeStrategy.SHALLOW else strategy, old, new)


@defect("PB-REC-20", "PB-REC-35")
class ShallowReplaces(_Merged):
    """Drops the other top-level keys with the strategy `shallow`."""

    def wrongly(self, strategy: MergeStrategy, old: Data, new: Data) -> Data:
        return merge(MergeStrategy.REPLACE if strategy is MergeStrategy.SHALLOW else strategy, old, new)


@defect("PB-REC-21")
class DeepAppends(_Merged):
    """Appends arrays with the strategy `deep`, which should replace them."""

    def wrongly(self, strategy: MergeStrategy, old: Data, new: Data) -> Data:
        return merge(MergeStrategy.DEEP_APPEND if strategy is MergeStrategy.DEEP else strategy, old, new)


@defect("PB-REC-21", "PB-REC-22")
class DeepIsOneLevel(_Merged):
    """Merges objects at the top only, and replaces those inside of them."""

    def wrongly(self, strategy: MergeStrategy, old: Data, new: Data) -> Data:
        if strategy in {MergeStrategy.REPLACE, MergeStrategy.SHALLOW}:
            return merge(strategy, old, new)
        merged = {**old, **new}
        for name in old.keys() & new.keys():
            before, after = old[name], new[name]
            if isinstance(before, dict) and isinstance(after, dict):
                merged[name] = {**before, **after}
            elif (
                strategy is MergeStrategy.DEEP_APPEND and isinstance(before, list) and isinstance(after, list)
            ):
                merged[name] = before + after
        return merged


@defect("PB-REC-22")
class AppendReplaces(_Merged):
    """Replaces arrays with the strategy `deep_append`."""

    def wrongly(self, strategy: MergeStrategy, old: Data, new: Data) -> Data:
        return merge(MergeStrategy.DEEP if strategy is MergeStrategy.DEEP_APPEND else strategy, old, new)


class _Appended(_Merged):
    """Puts two arrays together otherwise, in a method that the subclass has."""

    def joined(self, old: list[Any], new: list[Any]) -> list[Any]:
        return old + new

    def wrongly(self, strategy: MergeStrategy, old: Data, new: Data) -> Data:
        if strategy is not MergeStrategy.DEEP_APPEND:
            return merge(strategy, old, new)
        merged = {**old, **new}
        for name in old.keys() & new.keys():
            before, after = old[name], new[name]
            if isinstance(before, dict) and isinstance(after, dict):
                merged[name] = self.wrongly(strategy, before, after)
            elif isinstance(before, list) and isinstance(after, list):
                merged[name] = self.joined(before, after)
        return merged


@defect("PB-REC-22")
class NewElementsComeFirst(_Appended):
    """Puts the new elements of an array before the old ones."""

    def joined(self, old: list[Any], new: list[Any]) -> list[Any]:
        return new + old


@defect("PB-REC-22")
class AppendLeavesDoublesOut(_Appended):
    """Appends only the elements that an array does not have yet."""

    def joined(self, old: list[Any], new: list[Any]) -> list[Any]:
        return old + [one for one in new if one not in old]


@defect("PB-REC-20", "PB-REC-21", "PB-REC-22", "PB-REC-23", "PB-REC-35")
class StrategyKeptInTheData(_Merged):
    """Stores `merge_strategy` among the data that it merged."""

    def wrongly(self, strategy: MergeStrategy, old: Data, new: Data) -> Data:
        kept = {} if strategy is MergeStrategy.REPLACE else {"merge_strategy": strategy.value}
        return {**merge(strategy, old, new), **kept}


@defect("PB-REC-04", "PB-REC-08", "PB-REC-11")
class IdCalledKey(RecordHandlers):
    """Calls the key of a record `key` where it should be `id`."""

    def _rendered(self, rows: list[Row], call: Call, headers: dict[str, str], status: int = 200) -> Response:
        return _with_keys(super()._rendered(rows, call, headers, status))

    def _one(self, row: Row, call: Call, status: int) -> Response:
        return _with_keys(super()._one(row, call, status))


def _with_keys(answer: Response) -> Response:
    answer.body = bytes(answer.body).replace(b'{"id":', b'{"key":')
    answer.headers["content-length"] = str(len(answer.body))
    return answer
