"""The picture is of the rooms that there are, and what the pages on the code call by its name is there."""

import re
import runpy
from importlib import import_module
from pkgutil import resolve_name

import pytest

from .blocks import ROOT

TOOL = runpy.run_path(str(ROOT / "tools" / "rooms.py"))
NAME = re.compile(r"`((?:conformance|mockserver|prove|cli)(?:\.\w+)+)`")


def named(page: str) -> list[str]:
    return NAME.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))


def test_the_picture_of_the_rooms_is_up_to_date() -> None:
    made = TOOL["drawn"](TOOL["floors"]())
    assert (ROOT / "docs" / "pictures" / "rooms.svg").read_text(encoding="utf-8") == made, "tools/rooms.py"


def test_every_room_is_in_the_table_with_its_purpose() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `([\w/]+)(?:\.py)?` \|", text, flags=re.MULTILINE))
    rooms = {
        f"{container}.{room}".removeprefix("dbcontract.").replace(".", "/")
        for container, floors in TOOL["floors"]().items()
        for floor in floors
        for room in floor
    }
    assert {room for room in rooms if room not in rows} == set()


@pytest.mark.parametrize("page", ["architecture.md", "extending.md"])
def test_every_module_and_function_that_is_named_is_there(page: str) -> None:
    names = named(page)
    assert len(names) > 5
    for name in names:
        try:
            import_module(f"dbcontract.{name}")
        except ImportError:
            assert resolve_name(f"dbcontract.{name}") is not None
