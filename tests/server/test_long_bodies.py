"""While a long body is read or sent, others have their turns; nothing of it is walked by the collector."""

from __future__ import annotations

import asyncio
import gc
import io

import pytest
from starlette.types import Message

from dbcontract.mockserver.storage.downloads import Item, ItemResponse
from dbcontract.mockserver.web.body import parse_body, read_body

from .turns import with_turns

LONG = b"[%b]" % b",".join([b"[%b]" % b",".join([b"7"] * 1_000)] * 1_000)


def test_a_client_that_takes_all_at_once_leaves_others_their_turns() -> None:
    sent: list[bytes] = []

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))

    async def receive() -> Message:
        raise AssertionError

    content = bytes(range(256)) * 8_192
    item = Item(io.BytesIO(content), len(content), "etag", "text/csv", "x.csv", 0)
    _, turns = asyncio.run(with_turns(ItemResponse(item, {}, None)({}, receive, send)))
    assert b"".join(sent) == content
    assert turns >= len(content) / 2**18


@pytest.mark.parametrize("spares", [True, False])
def test_what_is_parsed_is_out_of_the_collectors_sight_where_the_data_is(spares: bool) -> None:
    gc.unfreeze()
    try:
        if spares:
            gc.collect()
            gc.freeze()
        value = asyncio.run(parse_body(LONG))
        walked = {id(one) for one in gc.get_objects()}  # without what is frozen
        assert value == [[7] * 1_000] * 1_000
        assert (sum(id(one) in walked for one in value) < len(value) / 2) is spares
    finally:
        gc.unfreeze()


def test_a_body_in_pieces_is_put_together() -> None:
    pieces = [b"one", b"", bytes(70_000), b"end"]
    messages: list[Message] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    coming = iter([*messages, {"type": "http.request"}])

    async def receive() -> Message:
        return next(coming)

    assert asyncio.run(read_body(receive, limit=70_006)) == b"".join(pieces)
