import json
import logging

from dbcontract.cli.logs import JsonFormatter


def record(**changes: object) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": "dbcontract.mockserver", "levelname": "WARNING", "msg": "%s ☃\nnew line", "args": ("a",)}
        | changes
    )


def test_one_json_object_a_line() -> None:
    line = JsonFormatter().format(record(created=1_700_000_000.25, status=404, path="/api/x"))
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "warning",
        "logger": "dbcontract.mockserver",
        "message": "a ☃\nnew line",
        "status": 404,
        "path": "/api/x",
    }


def test_a_traceback_is_one_field() -> None:
    error = ValueError("boom")
    line = json.loads(JsonFormatter().format(record(exc_info=(ValueError, error, None))))
    assert line["traceback"].endswith("ValueError: boom")


def test_what_json_cannot_hold_becomes_text() -> None:
    assert json.loads(JsonFormatter().format(record(value={1})))["value"] == "{1}"
