from __future__ import annotations

import pytest

from dbcontract import openapi


def test_the_vendors_descriptions_are_there() -> None:
    assert {"pieces", "pixiebrix"} <= set(openapi.names())


@pytest.mark.parametrize("name", openapi.names())
def test_each_load_is_a_copy_of_its_own(name: str) -> None:
    first = openapi.load(name)
    untouched = openapi.load(name)
    first["paths"].clear()
    first["info"]["title"] = "changed"
    assert openapi.load(name) == untouched
    assert openapi.load(name)["paths"]


@pytest.mark.parametrize("written_out", [False, True])
@pytest.mark.parametrize("name", openapi.names())
def test_no_part_of_a_document_is_shared_with_another_part(name: str, *, written_out: bool) -> None:
    # An alias in the file would make one change appear in two places.
    seen: set[int] = set()
    pending: list[object] = [openapi.load(name, written_out=written_out)]
    while pending:
        node = pending.pop()
        if isinstance(node, dict | list) and node:
            assert id(node) not in seen
            seen.add(id(node))
            pending.extend(node.values() if isinstance(node, dict) else node)


@pytest.mark.parametrize("name", ["", "nothing", "pieces.yaml", "../openapi/pieces"])
def test_an_unknown_name_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(openapi.UnknownDescription) as caught:
        openapi.load(name)
    assert caught.value.name == name
    assert caught.value.known == openapi.names()
    assert "pixiebrix" in str(caught.value)
