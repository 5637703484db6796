"""Data sets in files: the mock opens none that it is asked for over HTTP, so they are read here and sent."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .http import MockError


def data_order(data: str) -> dict[str, Any]:
    """What asks the control API for a data set.

    Args:
        data: a name; or the path of a file, JSON or JSON Lines, if it has a folder or a suffix and is there.

    Raises:
        MockError: there is such a file, and it cannot be read or is not JSON.
    """
    path = Path(data)
    if not (os.sep in data or path.suffix) or not path.is_file():
        return {"data": data}
    try:
        return {"document": _parsed(path.read_text("utf-8-sig"))}
    except OSError as error:
        raise MockError(f"{path}: it cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise MockError(f"{path}: this is neither JSON nor JSON Lines in UTF-8: {error}") from error


def _parsed(text: str) -> Any:
    try:
        whole = json.loads(text)
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    return [whole] if isinstance(whole, dict) and "kind" in whole else whole
