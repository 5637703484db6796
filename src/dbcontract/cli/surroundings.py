"""What the commands need of the machine: versions, APIs that load, a free port, writable folders."""

from __future__ import annotations

import errno
import platform
import socket
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, entry_points, requires, version
from pathlib import Path

from .errors import os_reason
from .file_lock import AlreadyLockedError, FileLock
from .files import check_writable

_TESTED = ((3, 11), (3, 13))
"""The first and the last Python that the tests run on."""
_GROUPS = ("dbcontract.fixtures.apis", "dbcontract.mockserver.apis", "dbcontract.conformance.apis")
_DISTRIBUTION = "dbcontract"


class Level(StrEnum):
    """How well something is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor.

    Attributes:
        area: what was looked at, a word or two.
        level: how well it is.
        text: what was found; where that is not well, with the remedy.
    """

    area: str
    level: Level
    text: str


def looked_at(state_file: Path | None = None) -> Iterator[Finding]:
    """All of it, but for a target.

    Args:
        state_file: that a server is to keep its sandbox in.
    """
    yield _python(sys.version_info[:2])
    yield from _versions()
    yield from _apis()
    yield port_at("127.0.0.1", _default_port())
    yield _folder(Path(tempfile.gettempdir()), "the folder for temporary files", "set TMPDIR to another one")
    if state_file is not None:
        yield _state(state_file)


def _python(running: tuple[int, int]) -> Finding:
    told = f"{platform.python_implementation()} {platform.python_version()} on {platform.system()}"
    first, last = _TESTED
    if first <= running <= last:
        return Finding("Python", Level.OK, told)
    tested = f"{first[0]}.{first[1]} to {last[0]}.{last[1]}"
    return Finding("Python", Level.WARNING, f"{told}; what is tested is {tested}")


def _versions() -> Iterator[Finding]:
    """The package, and each of its dependencies that is not as it asks for; all others in one line."""
    from packaging.requirements import Requirement

    try:
        yield Finding("version", Level.OK, f"dbcontract {version(_DISTRIBUTION)}")
        needed = [Requirement(text) for text in requires(_DISTRIBUTION) or ()]
    except PackageNotFoundError:
        text = "the package is not installed; install it, in a checkout with `pip install -e .`"
        yield Finding("version", Level.PROBLEM, text)
        return
    well = []
    for one in needed:
        if one.marker is not None and not one.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(one.name)
        except PackageNotFoundError:
            told = f"{one.name} is not installed; `pip install '{one.name}{one.specifier}'`"
            yield Finding("dependency", Level.PROBLEM, told)
            continue
        if one.specifier.contains(found, prereleases=True):
            well.append(f"{one.name} {found}")
        else:
            told = f"{one.name} {found} is not {one.specifier}; `pip install '{one.name}{one.specifier}'`"
            yield Finding("dependency", Level.PROBLEM, told)
    yield Finding("dependencies", Level.OK, ", ".join(well))


def _apis() -> Iterator[Finding]:
    for group in _GROUPS:
        points = sorted(entry_points(group=group), key=lambda point: point.name)
        if not points:
            told = f"no package names one ({group}); install dbcontract again"
            yield Finding("API", Level.PROBLEM, told)
        for point in points:
            try:
                point.load()
            except Exception as error:  # noqa: BLE001 - the package of somebody else may raise anything
                reason = " ".join(f"{type(error).__name__}: {error}".split())
                where = f"{point.name} ({group}) cannot be loaded from {point.value}"
                told = f"{where}: {reason}; install its package again"
                yield Finding("API", Level.PROBLEM, told)
            else:
                yield Finding("API", Level.OK, f"{point.name} ({group})")


def _default_port() -> int:
    from dbcontract.mockserver.sandbox.settings import Settings

    return Settings().port


def port_at(host: str, port: int) -> Finding:
    """Whether a server can listen there; it is left alone at once."""
    with socket.socket() as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((host, port))
        except OSError as error:
            taken = "is in use" if error.errno == errno.EADDRINUSE else os_reason(error)
            told = f"{port} on {host}: {taken}; stop what has it, or `dbcontract serve --port` another one"
            return Finding("port", Level.WARNING, told)
    return Finding("port", Level.OK, f"{port} on {host}, where `dbcontract serve` listens, is free")


def _folder(folder: Path, what: str, remedy: str) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding("folder", Level.PROBLEM, f"{folder}, {what}: {os_reason(error)}; {remedy}")
    return Finding("folder", Level.OK, f"{folder}, {what}, can be written")


def _state(path: Path) -> Finding:
    lock = FileLock(path)
    try:
        check_writable(path)
        lock.acquire()
        if path.exists():
            path.open("rb").close()
    except AlreadyLockedError:
        told = f"{path}: a server keeps its sandbox there; name another file, or stop it"
        return Finding("state", Level.WARNING, told)
    except OSError as error:
        told = f"{path}: {os_reason(error)}; name a file that can be read and written"
        return Finding("state", Level.PROBLEM, told)
    finally:
        lock.release()
    return Finding("state", Level.OK, f"{path} can be read and written")
