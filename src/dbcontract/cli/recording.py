"""Writes what was recorded, by `dbcontract proxy --record` or `dbcontract data --from`, as a data set."""

from __future__ import annotations

import io
import os
import sys
from collections import Counter
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

_TOLD = 10
"""How many things are named that could not be read."""


def require_free(path: Path, flag: str, *, force: bool) -> None:
    """Go on if a file can be written, and none is there that nobody wants to lose.

    Raises:
        CommandError: it cannot, or one is there, or its name promises what is not in it.
    """
    if path.suffix.lower() == ".csv":
        raise CommandError(f"{flag} {path}: a recording is JSON; choose a name that ends in .jsonl or .json")
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
    from dbcontract.fixtures.apis.base import kinds
    from dbcontract.fixtures.reading import read_bytes

    entries = data_set(recordings, redactor, pretender=Pretender(seed) if fake else None)
    content = io.BytesIO()
    as_json = path is not None and path.suffix.lower() == ".json"
    try:
        fixtures.write(cast("Any", entries), content, "json" if as_json else "jsonl")
        for _ in read_bytes(content.getvalue(), str(path or "-")):
            pass
    except fixtures.FixtureError as error:
        raise CommandError(f"{flag}: what was seen makes no data set: {error}") from error
    if len(entries) == 1:
        click.echo(
            f"data set: nothing was told that goes into one{f'; {path} is left as it is' if path else ''}",
            err=True,
        )
        return
    if path is None:
        sys.stdout.buffer.write(content.getvalue())
        sys.stdout.buffer.flush()
    else:
        _write(path, content.getvalue(), flag)
    counts = Counter(entry["kind"] for entry in entries)
    told = ", ".join(f"{counts[kind]} {told.plural}" for kind, told in kinds().items() if counts[kind])
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


def _target(
    url: str | None, api: str | None, target_file: Path | None, token_env: str | None, proxy: str | None
) -> Target:
    """The target that `dbcontract data` reads, once it is known what it is.

    Raises:
        CommandError: what the flags say is wrong.
    """
    from dbcontract.conformance.target.options import TargetOptions, api_choices
    from dbcontract.conformance.target.target import TargetError

    if api is not None and api not in api_choices():
        raise CommandError(f"--api {api}: there is no such API; name one of {', '.join(api_choices())}")
    try:
        return TargetOptions(url, api, target_file, token_env=token_env, proxy=proxy).resolve(os.environ)
    except TargetError as error:
        raise CommandError(str(error)) from error


def record_from(
    url: str | None,
    output: Path | None,
    *,
    organizations: tuple[UUID, ...],
    force: bool,
    fake: bool,
    seed: int,
    target_file: Path | None,
    **options: str | None,
) -> None:
    """Read all that a target shows, and write it as a data set.

    Args:
        url: of the target; None where `target_file` names it.
        output: the file; None for standard output.
        organizations: whose databases are read; none for all that the token sees.
        force: overwrite the file.
        fake: replace personal data, the same `seed` by the same.
        seed: for that.
        target_file: as `dbcontract init` writes it.
        options: `api`, `token_env` and `proxy`, as `dbcontract check` has them.

    Raises:
        CommandError: it cannot be read, or not be written.
    """
    from dbcontract.conformance.http.redaction import Redactor
    from dbcontract.conformance.report.shown import visible
    from dbcontract.conformance.watching.recording import WalkFailed
    from dbcontract.conformance.watching.walking import walk

    if output is not None:
        require_free(output, "--output", force=force)
    target = _target(url, target_file=target_file, **options)
    flag = "--from" if target_file is None else "--target"
    redactor = Redactor(target.secrets)
    try:
        walked = walk(target, tuple(map(str, organizations)))
    except WalkFailed as error:
        told = visible(redactor.text(str(error)), keep="")
        raise CommandError(f"{flag} {url or target_file}: {told}; nothing was written") from error
    write_recordings(output, walked.recordings, redactor, flag=flag, fake=fake, seed=seed)
    for told in walked.missing[:_TOLD]:
        click.echo(f"not in it: {visible(redactor.text(told), keep='')}", err=True)
    if len(walked.missing) > _TOLD:
        click.echo(f"not in it: {len(walked.missing) - _TOLD} others", err=True)
