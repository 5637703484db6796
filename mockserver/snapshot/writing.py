"""Writing a sandbox's document, in pieces: the stored bytes are put together, never parsed again."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..apis.installed import installed
from ..artifacts.text import instant_text
from ..sandbox.sandbox import Sandbox
from ..state.lifecycle import ApiState
from ..state.objects import StoredObject
from .api import WrittenApi
from .format import FORMAT, array, opened

_CONTENT_A_STEP = 3 * 64 * 1024
"""Bytes that become base64 at once; a multiple of three, so that the parts join without padding."""
_WORTH_SENDING = 64 * 1024


def write(sandbox: Sandbox) -> Iterator[bytes]:
    """The document of the sandbox as it is now, in pieces."""
    # The parts that change are copied, or shared until somebody writes; the rest is written at once.
    states = {name: state.fork() for name, state in sandbox.states.items()}
    return _joined(_pieces(_head(sandbox), states, list(sandbox.objects.items())))


def _joined(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same text in pieces that are worth sending."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= _WORTH_SENDING:
            yield b"".join(waiting)
            waiting.clear()
            size = 0
    yield b"".join(waiting)


def _pieces(
    head: bytes, states: Mapping[str, ApiState], objects: Iterable[tuple[str, StoredObject]]
) -> Iterator[bytes]:
    try:
        yield head
        for name, state in states.items():
            section = installed(WrittenApi)[name].section
            if section is None:
                continue
            for member, text in section.write(state):
                yield b',"%b":' % member.encode()
                yield from text
        yield b',"objects":'
        yield from array(_object(key, stored) for key, stored in objects)
        yield b"}"
    finally:
        for state in states.values():
            state.release()


def _head(sandbox: Sandbox) -> bytes:
    """What is small, as the beginning of the document's object."""
    settings, faults = sandbox.settings, sandbox.faults
    head: dict[str, Any] = {
        "format": FORMAT,
        "data": sandbox.base.name,
        "seed": sandbox.base.seed,
        "clock": {"now": instant_text(sandbox.clock.now()), "frozen": sandbox.clock.frozen},
        "settings": {
            "job_us": settings.job_us,
            "job_polls": settings.job_polls,
            "strict_bodies": settings.strict_bodies,
            **{
                name: value
                for api in installed(WrittenApi).values()
                if api.settings is not None
                for name, value in api.settings.dump(sandbox).items()
            },
        },
        "faults": {
            "ordered": [{**fault.describe(), "left": faults.left(fault)} for fault in faults],
            "count": faults.count,
            "chance": faults.chance,
        },
        "ids": sandbox.ids.state,
        "signing_key": base64.b64encode(sandbox.signer.secret).decode(),
    }
    return opened(head)


def _object(key: str, stored: StoredObject) -> Iterator[bytes]:
    head = {
        "key": key,
        "content_type": stored.content_type,
        "filename": stored.filename,
        "stored_at": instant_text(stored.stored_at),
    }
    yield opened(head) + b',"content":"'
    for start in range(0, len(stored.content), _CONTENT_A_STEP):
        yield base64.b64encode(stored.content[start : start + _CONTENT_A_STEP])
    yield b'"}'
