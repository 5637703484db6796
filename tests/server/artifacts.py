"""The artifacts of export jobs: fetched, and read with other libraries than those that write them."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import requests
from openpyxl.utils.escape import unescape

from .client import PixieBrix, media_type
from .mock import SECOND

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TYPES = {
    "application/json": ("application/json", "json"),
    "text/csv": ("text/csv", "csv"),
    "application/xlsx": (XLSX, "xlsx"),
}


def finished(pb: PixieBrix, *databases: str, **fields: Any) -> dict[str, Any]:
    """A job that has succeeded."""
    job_id = pb.new_job(*databases, **fields)
    pb.wait(2 * SECOND)
    job = pb.job(job_id)
    assert job["status"] == "SUCCESS", job
    return job


def download(job: dict[str, Any]) -> requests.Response:
    """The exported data; without any token, as a link goes to people."""
    response = requests.get(job["data"], timeout=30)
    assert response.status_code == 200, response.text
    return response


def table(response: requests.Response) -> list[dict[str, Any]]:
    """The rows of an artifact of any format, by column."""
    kind = media_type(response)
    if kind == "application/json":
        return [
            {**item, **{f"data.{field}": value for field, value in item["data"].items()}}
            for item in response.json()
        ]
    if kind == "text/csv":
        return list(csv.DictReader(io.StringIO(response.content.decode(), newline="")))
    header, *rows = workbook(response)
    return [dict(zip(header, row, strict=True)) for row in rows]


def workbook(response: requests.Response) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(response.content), read_only=True)
    (sheet,) = book.worksheets
    # What XML cannot hold is written _xHHHH_. Spreadsheets read that back; this library leaves it to us.
    rows = [
        [unescape(cell) if isinstance(cell, str) else cell for cell in row]
        for row in sheet.iter_rows(values_only=True)
    ]
    book.close()
    return rows
