"""Real proxies as processes: nginx and HAProxy with a configuration, for as long as a block lasts."""

from __future__ import annotations

import contextlib
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_NGINX = """
daemon off; pid {folder}/pid; error_log stderr; user root;
events {{}}
http {{
access_log off;
{paths}{block}
}}
"""


def free_port() -> int:
    """A port that stays free until it is used: below those that systems give to whoever asks for any."""
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    pytest.fail("no port from 20000 to 31999 is free")


@contextlib.contextmanager
def started(command: list[str], port: int) -> Iterator[None]:
    """Run a proxy until the block ends."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        until = time.monotonic() + 20
        while True:
            assert process.poll() is None, process.stderr and process.stderr.read().decode()
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < until, "the proxy does not listen"
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=20)


def binary_of(kind: str) -> str:
    """The program; the test is skipped where it is not installed."""
    found = shutil.which(kind, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        pytest.skip(f"{kind} is not installed")
    return found


def command_of(kind: str, text: str, folder: Path) -> list[str]:
    """The command that runs nginx with what stands in `http`, or HAProxy with a whole configuration."""
    binary, file = binary_of(kind), folder / f"{kind}.conf"
    if kind == "haproxy":
        file.write_text(text)
        return [binary, "-db", "-f", str(file)]
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{name}_temp_path {folder}/{name};\n" for name in names)
    file.write_text(_NGINX.format(folder=folder, paths=paths, block=text))
    return [binary, "-e", "stderr", "-c", str(file)]
