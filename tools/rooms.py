"""Draws the rooms of the code, floor by floor, as `[tool.importlinter]` in pyproject.toml has them.

`python tools/rooms.py` writes docs/pictures/rooms.svg.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "pictures" / "rooms.svg"

_WIDTH, _FLOOR, _GAP, _MARGIN = 1080, 34, 10, 16
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1b1f24;text-anchor:middle}"
    ".side{font-weight:600}.room{fill:#eef3fb;stroke:#5472a8}.whole{fill:#fff;stroke:#8a94a3}"
)

Floors = list[list[str]]


def floors() -> dict[str, Floors]:
    """The floors of each contract, from the top, by the package that they divide."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return {
        container: [[room.strip() for room in floor.replace(":", "|").split("|")] for floor in one["layers"]]
        for one in contracts
        if one["type"] == "layers"
        for container in one["containers"]
    }


def drawn(of: Mapping[str, Floors]) -> str:
    """The picture, as SVG without anything from elsewhere."""
    shapes: list[str] = []

    def box(x: float, y: float, width: float, height: float, *, text: str, kind: str) -> None:
        style = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="5" class="{kind}"'
        shapes.append(f"<rect {style}/>")
        if kind == "whole":
            shapes.append(f'<text class="side" x="{x + width / 2:g}" y="{y + 22:g}">{escape(text)}</text>')
        else:
            shapes.append(f'<text x="{x + width / 2:g}" y="{y + height / 2 + 5:g}">{escape(text)}</text>')

    def stack(rows: Floors, x: float, y: float, width: float) -> float:
        for row in rows:
            each = (width - _GAP * (len(row) - 1)) / len(row)
            for number, room in enumerate(row):
                box(x + number * (each + _GAP), y, each, _FLOOR, text=room, kind="room")
            y += _FLOOR + _GAP
        return y

    top, parts = of["dbcontract"], [name for name in of if name != "dbcontract"]
    y: float = _MARGIN
    for row in top:
        inner = [name for name in parts if name.removeprefix("dbcontract.") in row]
        if not inner:
            y = stack([row], _MARGIN, y, _WIDTH - 2 * _MARGIN)
            continue
        each = (_WIDTH - 2 * _MARGIN - _GAP * (len(inner) - 1)) / len(inner)
        height = max(len(of[name]) for name in inner) * (_FLOOR + _GAP) + _FLOOR + _GAP
        for number, name in enumerate(inner):
            x = _MARGIN + number * (each + _GAP)
            box(x, y, each, height, text=name.removeprefix("dbcontract."), kind="whole")
            stack(of[name], x + _GAP, y + _FLOOR, each - 2 * _GAP)
        y += height + _GAP
    title = "The rooms of dbcontract, from the top: each may import those below it"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y + _MARGIN:g}" role="img">'
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    lines = [head, f"<title>{title}</title>", f"<style>{_STYLE}</style>", ground]
    return "\n".join([*lines, *shapes, "</svg>", ""])


if __name__ == "__main__":
    PICTURE.write_text(drawn(floors()), encoding="utf-8")
