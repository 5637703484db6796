"""Connections to a host or through a proxy, within a time, and only to addresses that may be reached."""

from __future__ import annotations

import errno
import os
import select
import socket
from contextlib import suppress
from typing import Any, Final

from .connection import Patience
from .destinations import Guard, address_of
from .identity import user_agent
from .proxy import Proxy

_HEAD: Final = 16 * 1024
_IN_PROGRESS: Final = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY})


class NoTunnel(Exception):
    """A proxy did not connect to the target; the message says what it answered."""


def dial(
    host: str, port: int, patience: Patience, seconds: float, guard: Guard | None = None
) -> socket.socket:
    """A connection to the first address of a host that takes one.

    Args:
        host: a name or an address.
        port: there.
        patience: how long may be waited in all.
        seconds: how long for one address.
        guard: says whether the addresses may be reached; what it saw is what is connected to.

    Raises:
        OSError, UnicodeError: there is none.
        Refused: one that may not be reached.
        Cancelled: the run was stopped.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if guard is not None:
        addresses = [address for *_, place in found if (address := address_of(str(place[0]))) is not None]
        guard.vet(host, port, addresses)
    problem: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, place in found:
        plain = socket.socket(family, kind, protocol)
        try:
            _connect(plain, place, patience, seconds)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            plain.close()
            problem = error
        except BaseException:
            plain.close()
            raise
        else:
            return plain
    raise problem


def _connect(plain: socket.socket, place: Any, patience: Patience, seconds: float) -> None:
    plain.settimeout(0)
    code = plain.connect_ex(place)
    if code in _IN_PROGRESS:
        for wait in patience.slices(seconds):
            _, writable, broken = select.select([], [plain], [plain], wait)
            if writable or broken:
                code = plain.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                break
    if code:
        raise OSError(code, os.strerror(code))


def tunnel(plain: socket.socket, proxy: Proxy, host: str, port: int, patience: Patience) -> None:
    """Let a proxy connect to a host (CONNECT, RFC 9110, section 9.3.6).

    Raises:
        NoTunnel: it does not.
        OSError, Cancelled: as from the socket.
    """
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}", f"User-Agent: {user_agent()}"]
    lines += [f"{name}: {value}" for name, value in proxy.headers]
    plain.settimeout(patience.read)
    plain.sendall("\r\n".join([*lines, "", ""]).encode("latin-1", "replace"))
    head = _head(plain, patience)
    words = head.split(b"\r\n")[0].decode("latin-1").split(maxsplit=2)
    status = words[1] if len(words) > 1 and words[0].startswith("HTTP/1.") else ""
    if not (len(status) == 3 and status.startswith("2")):
        said = " ".join(words[1:])[:100] if status else "no HTTP"
        raise NoTunnel(f"it does not connect to {place}: {said}")


def _head(plain: socket.socket, patience: Patience) -> bytes:
    """An answer up to its empty line; byte by byte, as what follows is the target's."""
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        if len(head) > _HEAD:
            raise NoTunnel(f"the head of its answer is longer than {_HEAD} bytes")
        for seconds in patience.slices():
            plain.settimeout(seconds)
            with suppress(TimeoutError):
                part = plain.recv(1)
                break
        if not part:
            raise NoTunnel("it closed the connection")
        head += part
    return bytes(head)
