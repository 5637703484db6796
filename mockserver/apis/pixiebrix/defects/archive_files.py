"""Wrong archive files: which records are in them, and how (document: Record Archives)."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from ....artifacts import archive_jsonl
from ....state import jsonio
from ....state.instants import DAY, HOUR, SECOND, day_of, parse_date
from ....storage.app import Storage, StorageSandbox
from ....storage.downloads import Item
from ....variants.defect import defect
from ..state.pixiebrix import PixieBrixState
from ..state.records import CREATED, DATA, KEY, UPDATED, RecordTable, Row
from ..state_of import state_of

# Which records are in a file


class _Files(PixieBrixState, ABC):
    """Puts other records in the file of a date than belong there."""

    def _nightly(self, midnight: int, new_id: Callable[[], str]) -> None:
        day = day_of(midnight) - 1
        rows = {id_: self._rows(database.records, day) for id_, database in self.databases.items()}
        super()._nightly(midnight, new_id)
        for id_, database in self.databases.items():
            archive = database.archives.pop(day, None)
            if archive is not None and rows[id_]:
                database.archives[day] = replace(archive, rows=rows[id_])

    @abstractmethod
    def _rows(self, table: RecordTable, day: int) -> list[Row]:
        """The lines of the file of a day that has just ended."""


@defect("PB-ARCH-11")
class FirstHundredArchived(_Files):
    """Puts the first page of a date's records in its file, a hundred of them."""

    def _rows(self, table: RecordTable, day: int) -> list[Row]:
        return table.updated_on(day)[:100]


@defect("PB-ARCH-12", "PB-ARCH-21")
class WholeDatabaseArchived(_Files):
    """Puts all records of the database in the file of a date."""

    def _rows(self, table: RecordTable, day: int) -> list[Row]:
        return table.slice(0, len(table))


@defect("PB-ARCH-13")
class ChangesNotArchived(_Files):
    """Puts the records that were created on a date in its file, and not those that were changed."""

    def _rows(self, table: RecordTable, day: int) -> list[Row]:
        return [row for row in table.updated_on(day) if row[CREATED] // DAY == day]


@defect("PB-ARCH-21")
class LastSecondNotArchived(_Files):
    """Takes the second before midnight for the end of a date, and loses what is written after it."""

    def _rows(self, table: RecordTable, day: int) -> list[Row]:
        end = (day + 1) * DAY - SECOND
        return [row for row in table.updated_on(day) if row[UPDATED] <= end]


@defect("PB-ARCH-21")
class DatesOfBerlinArchived(_Files):
    """Cuts the files at midnight in Berlin, so that what is written late goes into the next one."""

    def _rows(self, table: RecordTable, day: int) -> list[Row]:
        rows = table.slice(0, len(table))
        return [row for row in rows if (row[UPDATED] + HOUR) // DAY == day]


# Which versions are in a file


class _Remembering(RecordTable):
    """Remembers every version that a record had on a date."""

    def __init__(self) -> None:
        super().__init__()
        self.versions: dict[tuple[str, int], list[bytes]] = {}

    def store_all(self, written: Iterable[tuple[str, bytes]], now: int) -> list[Row]:
        several = list(written)
        for key, data in several:
            self.versions.setdefault((key, day_of(now)), []).append(data)
        return super().store_all(several, now)


def _versions(table: RecordTable, row: Row, day: int) -> list[Row]:
    """A row in all its versions of that date."""
    known = table.versions if isinstance(table, _Remembering) else {}
    return [(*row[:DATA], data) for data in known.get((row[KEY], day), [row[DATA]])]


@defect("PB-ARCH-15", also=(_Remembering,))
class FirstVersionArchived(_Files):
    """Puts the first version of a date in its file, where a record was written several times."""

    def _rows(self, table: RecordTable, day: int) -> list[Row]:
        return [_versions(table, row, day)[0] for row in table.updated_on(day)]


@defect("PB-ARCH-15", "PB-ARCH-16", also=(_Remembering,))
class EveryWriteArchived(_Files):
    """Puts a line in the file of a date for every write, so that a record can have several."""

    def _rows(self, table: RecordTable, day: int) -> list[Row]:
        return [version for row in table.updated_on(day) for version in _versions(table, row, day)]


@defect("PB-ARCH-16", also=(_Remembering,))
class LastVersionForEveryWrite(_Files):
    """Puts the last version of a record in the file of a date once for each time that it was written."""

    def _rows(self, table: RecordTable, day: int) -> list[Row]:
        return [row for row in table.updated_on(day) for _ in _versions(table, row, day)]


@defect("PB-ARCH-14")
class ChangeTakesOutOfOldFiles(PixieBrixState):
    """Takes a record that was changed out of the files of the dates before."""

    def _nightly(self, midnight: int, new_id: Callable[[], str]) -> None:
        super()._nightly(midnight, new_id)
        day = day_of(midnight) - 1
        for database in self.databases.values():
            changed = {row[KEY] for row in database.records.updated_on(day)}
            for archive in list(database.archives.values()):
                if archive.day < day:
                    rows = [row for row in archive.rows if row[KEY] not in changed]
                    database.archives[archive.day] = replace(archive, rows=rows)


@defect("PB-ARCH-14")
class FilesHoldThePresent(Storage):
    """Puts the records of a file in as they are now, when it is downloaded."""

    async def find(self, sandbox: StorageSandbox, key: str, now: int) -> Item:
        item = await super().find(sandbox, key, now)
        kind, id_, name = key.split("/")[:3]
        if kind != "archives":
            return item
        database = state_of(sandbox).database(id_)
        table, rows = database.records, database.archives[parse_date(name.removesuffix(".jsonl"))].rows
        present = [table.get(row[KEY]) if row[KEY] in table else row for row in rows]
        return item.rewritten(lambda _: b"".join(archive_jsonl(id_, present)))


@defect("PB-ARCH-14", "PB-RET-12")
class FilesMadeOnRequest(Storage):
    """Makes the file of a date when it is downloaded, from the records that are still there."""

    async def find(self, sandbox: StorageSandbox, key: str, now: int) -> Item:
        item = await super().find(sandbox, key, now)
        kind, id_, name = key.split("/")[:3]
        if kind != "archives":
            return item
        rows = state_of(sandbox).database(id_).records.updated_on(parse_date(name.removesuffix(".jsonl")))
        return item.rewritten(lambda _: b"".join(archive_jsonl(id_, rows)))


# The format


class _Format(Storage):
    """Writes archive files otherwise."""

    async def find(self, sandbox: StorageSandbox, key: str, now: int) -> Item:
        item = await super().find(sandbox, key, now)
        return item.rewritten(self._rewritten) if key.startswith("archives/") else item

    def _rewritten(self, content: bytes) -> bytes:
        """The content of a file, line by line."""
        return b"".join(self._line(jsonio.loads(line)) for line in content.split(b"\n") if line)

    def _line(self, record: dict[str, Any]) -> bytes:
        """A record as its line."""
        return jsonio.dumps(record) + b"\n"


@defect("PB-ARCH-10")
class FileIsOneArray(_Format):
    """Writes an archive file as one JSON array, a record in each line."""

    def _rewritten(self, content: bytes) -> bytes:
        return b"[\n%b\n]\n" % content.removesuffix(b"\n").replace(b"\n", b",\n")


@defect("PB-ARCH-10", "PB-ARCH-20")
class FileIsOneLine(_Format):
    """Writes archive files as one JSON array in a single line."""

    def _rewritten(self, content: bytes) -> bytes:
        return b"[" + b",".join(content.splitlines()) + b"]\n"


@defect("PB-ARCH-10")
class FileIndented(_Format):
    """Writes the records of an archive file indented, over several lines."""

    def _line(self, record: dict[str, Any]) -> bytes:
        return json.dumps(record, indent=2, ensure_ascii=False).encode() + b"\n"


@defect("PB-ARCH-10")
class FileInLatin1(_Format):
    """Writes archive files in Latin-1."""

    def _rewritten(self, content: bytes) -> bytes:
        return content.decode().encode("latin-1", "replace")


@defect("PB-ARCH-10")
class FileIsCsv(_Format):
    """Writes archive files as CSV, whatever their names promise."""

    def _rewritten(self, content: bytes) -> bytes:
        return b"id,data\n" + super()._rewritten(content)

    def _line(self, record: dict[str, Any]) -> bytes:
        data = jsonio.dumps(record["data"]).replace(b'"', b'""')
        return b'%b,"%b"\n' % (record["id"].encode(), data)


@defect("PB-ARCH-10")
class LineBreaksNotEscaped(_Format):
    """Writes the line breaks in the texts of a record as they are, not escaped."""

    def _rewritten(self, content: bytes) -> bytes:
        return content.replace(b"\\n", b"\n")


@defect("PB-ARCH-20")
class LineWithoutId(_Format):
    """Writes the data of a record alone in its line."""

    def _line(self, record: dict[str, Any]) -> bytes:
        return jsonio.dumps(record["data"]) + b"\n"


@defect("PB-ARCH-20")
class DataBesideTheId(_Format):
    """Writes the fields of a record's data beside its id."""

    def _line(self, record: dict[str, Any]) -> bytes:
        return jsonio.dumps({**record.pop("data"), **record}) + b"\n"


@defect("PB-ARCH-20")
class DataIsText(_Format):
    """Writes the data of a record as a text that holds JSON."""

    def _line(self, record: dict[str, Any]) -> bytes:
        return jsonio.dumps({**record, "data": jsonio.dumps(record["data"]).decode()}) + b"\n"


@defect("PB-ARCH-20")
class LettersLostInTheFile(_Format):
    """Writes a question mark for every letter outside of ASCII."""

    def _rewritten(self, content: bytes) -> bytes:
        return content.decode().encode("ascii", "replace")
