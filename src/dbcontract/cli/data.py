"""`dbcontract data`: write a named data set, or list them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import click

from . import target_options
from .errors import CommandError, os_reason
from .files import atomic_writer

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from dbcontract.fixtures.writing import Format

FORMATS = ("json", "jsonl", "csv")
LARGE = 20_000
"""From this many entries on, a set takes long enough for a progress bar to be of use."""


@click.command("data")
@click.argument("name", required=False)
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The same seed, the same bytes."
)
@click.option(
    "--records", type=click.IntRange(min=0), help="How many records, instead of the set's own number."
)
@click.option(
    "--as-of", metavar="ISO", help="The instant that is now in the data, e.g. 2026-01-31T12:00:00Z."
)
@click.option("--from", "source", metavar="URL", help="Read a data set from there, with GET alone.")
@target_options.target_file
@click.option("--api", metavar="NAME", help="Of a target: which API to read. Default: all that it has.")
@click.option(
    "--organization",
    "organizations",
    type=click.UUID,
    multiple=True,
    help="Of a target: only its databases. Repeatable.",
)
@target_options.token_env
@target_options.proxy
@click.option("--force", is_flag=True, help="Overwrite FILE with what was read from a target.")
@click.option("--fake-personal-data", is_flag=True, help="Replace names and the like that a target has.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Default: by the suffix of FILE, else jsonl (one entry a line).",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Write to FILE, which appears only when it is complete; - is standard output, the default.",
)
def command(
    name: str | None,
    *,
    seed: int,
    records: int | None,
    as_of: str | None,
    form: Format | None,
    output: Path | None,
    source: str | None,
    target_file: Path | None,
    **target: Any,
) -> None:
    """Write the data set NAME, or one that is read from a target; without either, list the data sets.

    A target is named by its URL (--from) or by a file (--target). The files of the formats json and jsonl can
    be served: `dbcontract serve --data FILE`.
    """
    from .. import fixtures

    named = {"NAME": name, "--from": source, "--target": target_file}
    _require_one(named)
    if source is not None or target_file is not None:
        _refuse({"--records": records, "--as-of": as_of, "--format": form}, "is of a data set with a name")
        _record(output, source, seed=seed, target_file=target_file, **target)
        return
    _refuse(
        {f"--{key.replace('_', '-').rstrip('s')}": value for key, value in target.items()},
        "is of a target; name one by --from or --target",
    )
    if name is None:
        _list()
        return
    if output is not None and str(output) == "-":
        output = None
    if form is None:
        suffix = output.suffix.lower().lstrip(".") if output else ""
        form = cast("Format", suffix) if suffix in FORMATS else "jsonl"
    try:
        entries = fixtures.build(name, seed=seed, as_of=as_of, records=records)
        with _progress(records) as progress, _sink(output) as stream:
            fixtures.write(entries, stream, form, progress)
    except fixtures.InvalidSetting as error:
        flag = error.setting.replace("_", "-")
        raise CommandError(f"--{flag} {error.value}: {error.reason}") from error
    except fixtures.FixtureError as error:
        raise CommandError(str(error)) from error
    except BrokenPipeError:
        raise  # the reader has enough (`… | head`): click ends quietly
    except OSError as error:
        raise CommandError(
            f"--output {output or '-'}: {os_reason(error)}; choose a file that can be written"
        ) from error


def _require_one(named: Mapping[str, object]) -> None:
    given = [flag for flag, value in named.items() if value is not None]
    if len(given) > 1:
        raise CommandError(f"{', '.join(given)}: give one of them")


def _refuse(given: Mapping[str, object], why: str) -> None:
    """Refuse flags that would do nothing."""
    for flag, value in given.items():
        if value is not None and value is not False and value != ():
            raise CommandError(f"{flag}: this {why}")


def _record(
    output: Path | None,
    source: str | None,
    *,
    target_file: Path | None,
    fake_personal_data: bool,
    **given: Any,
) -> None:
    if find_spec("dbcontract.conformance") is None:
        flag = "--from" if target_file is None else "--target"
        raise CommandError(f"{flag}: not part of dbcontract-mock; `pip install dbcontract` brings it")
    from .recording import record_from

    place = None if output is None or str(output) == "-" else output
    record_from(source, place, target_file=target_file, fake=fake_personal_data, **given)


def _list() -> None:
    from .. import fixtures

    names = list(fixtures.names())
    width = max(map(len, names))
    for name in names:
        click.echo(f"{name:<{width}}  {fixtures.describe(name)}")


@contextmanager
def _sink(output: Path | None) -> Iterator[BinaryIO]:
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with atomic_writer(output) as stream:
            yield stream


@contextmanager
def _progress(total: int | None) -> Iterator[Callable[[int], None] | None]:
    """A function to tell how many entries are written so far; None where nobody would see it."""
    if not sys.stderr.isatty():
        yield None
        return
    bar = _Bar(total)
    try:
        yield bar.update
    finally:
        bar.close()


class _Bar:
    """A progress bar that shows itself only when the set turns out to be large."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._shown: tuple[Progress, TaskID] | None = None

    def update(self, done: int) -> None:
        if self._shown is None:
            if done < LARGE:
                return
            self._shown = self._show()
        progress, task = self._shown
        progress.update(task, completed=done)

    def close(self) -> None:
        if self._shown is not None:
            self._shown[0].stop()

    def _show(self) -> tuple[Progress, TaskID]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        progress = Progress(
            TextColumn("writing"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("entries"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        progress.start()
        return progress, progress.add_task("", total=self._total)
