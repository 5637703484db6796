"""Writes what was recorded, by `dbcontract proxy --record` or `dbcontract data --from`, as a data set."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import click

from .errors import CommandError, os_reason
from .files import atomic_writer, check_writable

if TYPE_CHECKING:
    from dbcontract.conformance.http.redaction import Redactor
    from dbcontract.conformance.target.target import Target
    from dbcontract.conformance.watching.recording import Recording

_SHOWN = {
    "organization": "organizations",
    "database": "databases",
    "record": "records",
    "archive": "archives",
    "asset": "assets",
    "pieces": "Pieces exports",
}


def require_free(path: Path, flag: str, *, force: bool) -> None:
    """Go on if a file can be written, and none is there that nobody wants to lose.

    Raises:
        CommandError: it cannot, or one is there.
    """
    if path.exists() and not force:
        raise CommandError(f"{flag} {path}: the file is there; choose another one, or add --force")
    try:
        check_writable(path)
    except OSError as error:
        message = f"{flag} {path}: {os_reason(error)}; choose a file that can be written"
        raise CommandError(message) from error


def write_recordings(
    path: Path | None,
    recordings: Sequence[Recording],
    redactor: Redactor,
    *,
    flag: str,
    fake: bool,
    seed: int = 1,
) -> None:
    """Write a data set to a file, or to standard output.

    Raises:
        CommandError: what was seen makes no data set, or the file cannot be written.
    """
    from dbcontract import fixtures
    from dbcontract.conformance.watching.pretending import Pretender
    from dbcontract.conformance.watching.recording import data_set
    from dbcontract.fixtures.reading import read_bytes

    pretender = Pretender(seed) if fake else None
    change = pretender.entry if pretender is not None else lambda entry: entry
    entries: list[dict[str, Any]] = data_set(recordings, redactor, change=change)
    content = io.BytesIO()
    as_json = path is not None and path.suffix.lower() == ".json"
    try:
        fixtures.write(cast("Any", entries), content, "json" if as_json else "jsonl")
        for _ in read_bytes(content.getvalue(), str(path or "-")):
            pass
    except fixtures.FixtureError as error:
        raise CommandError(f"{flag}: what was seen makes no data set: {error}") from error
    if path is None:
        sys.stdout.buffer.write(content.getvalue())
        sys.stdout.buffer.flush()
    else:
        _write(path, content.getvalue(), flag)
    counts = [(sum(entry["kind"] == kind for entry in entries), name) for kind, name in _SHOWN.items()]
    told = ", ".join(f"{count} {name}" for count, name in counts if count) or "nothing but its header"
    click.echo(f"data set{'' if path is None else f' {path}'}: {told}", err=True)


def _write(path: Path, content: bytes, flag: str) -> None:
    try:
        with atomic_writer(path) as stream:
            # what was recorded is nobody else's business on this machine
            os.fchmod(stream.fileno(), 0o600)
            stream.write(content)
    except OSError as error:
        message = f"{flag} {path}: {os_reason(error)}; choose a file that can be written"
        raise CommandError(message) from error


def _target(url: str, api: str | None, token_env: str | None) -> Target:
    """The target of `dbcontract data --from`, once it is known what it is.

    Raises:
        CommandError: what the flags say is wrong.
    """
    from dbcontract.conformance.target.options import TargetOptions
    from dbcontract.conformance.target.target import TargetError

    try:
        return TargetOptions(url, api, None, (), token_env, {}, None).resolve(os.environ)
    except TargetError as error:
        raise CommandError(str(error)) from error


def record_from(
    url: str,
    output: Path | None,
    *,
    api: str | None,
    organizations: tuple[UUID, ...],
    token_env: str | None,
    force: bool,
    fake: bool,
    seed: int,
) -> None:
    """Read all that a target shows, and write it as a data set.

    Raises:
        CommandError: it cannot be read, or not be written.
    """
    from dbcontract.conformance.http.redaction import Redactor
    from dbcontract.conformance.watching.walking import WalkFailed, walk

    if output is not None:
        require_free(output, "--output", force=force)
    target = _target(url, api, token_env)
    try:
        recordings = walk(target, tuple(map(str, organizations)))
    except WalkFailed as error:
        raise CommandError(f"--from {url}: {error}") from error
    write_recordings(output, recordings, Redactor(target.secrets), flag="--from", fake=fake, seed=seed)
