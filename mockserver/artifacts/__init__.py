"""Records rendered as JSON, CSV, XLSX and JSON Lines (contract: Export jobs, Records, Archives).

Pure: rows in, bytes out. Everything but a workbook comes as an iterator of chunks of about `CHUNK_ROWS` rows,
so that a caller on an event loop can let others run in between. A chunk may be empty: it is a pause and
carries nothing.
"""

from .csvtext import UnforeseenField, export_csv, first_fields, records_csv
from .jsontext import (
    archive_jsonl,
    export_json,
    flat_record_json,
    flat_records_json,
    line_json,
    record_json,
    records_json,
)
from .pairs import Pairs
from .text import CHUNK_ROWS
from .workbook import ArtifactTooLarge, export_problem, export_xlsx

__all__ = [
    "CHUNK_ROWS",
    "ArtifactTooLarge",
    "Pairs",
    "UnforeseenField",
    "archive_jsonl",
    "export_csv",
    "export_json",
    "export_problem",
    "export_xlsx",
    "first_fields",
    "flat_record_json",
    "flat_records_json",
    "line_json",
    "record_json",
    "records_csv",
    "records_json",
]
