"""Where the server's log lines go: stderr, for people or for machines."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

LogFormat = Literal["pretty", "json"]

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
"""What every log record carries; anything else was given as `extra` and belongs into the line."""


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (ISO 8601, UTC), level, logger, message, extras, a traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(form: LogFormat, *, requests: bool = True) -> None:
    """Send what the server logs to stderr. Our own lines from INFO on, other people's from WARNING on.

    Args:
        form: lines for people or for machines.
        requests: a line for each request, too.
    """
    handler = logging.StreamHandler(sys.stderr)
    if form == "json":
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(logging.Formatter("{asctime} {levelname:<7} {message}", "%H:%M:%S", style="{"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("dbcontract").setLevel(logging.INFO)
    # It warns of every form that is none; whoever sent it is told so.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    if not requests:
        logging.getLogger("dbcontract.requests").setLevel(logging.WARNING)
