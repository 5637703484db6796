"""CSV as the cells of a table, for defects that change some."""

from __future__ import annotations

import csv
import io
from typing import Any

MEDIA_TYPE = "text/csv"


def table_of(content: bytes) -> list[list[str]]:
    """The cells, row by row; the header comes first."""
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def as_csv(table: list[list[str]], **options: Any) -> bytes:
    """The text of the cells; the options are those of `csv.writer`."""
    out = io.StringIO(newline="")
    csv.writer(out, **options).writerows(table)
    return out.getvalue().encode(errors="surrogatepass")
