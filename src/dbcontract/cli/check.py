"""`dbcontract check`: judge an implementation, rule by rule."""

from __future__ import annotations

import logging
import os
import secrets
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dbcontract.conformance.apis.base import names, options
from dbcontract.conformance.catalogue.vocabulary import ALLOWABLE
from dbcontract.conformance.report import FORMATS
from dbcontract.conformance.runner.interruption import INTERRUPTED, Interruption

from . import target_options
from .chosen import read_baseline, report_options, rule_options, select_rules, with_baseline
from .errors import CommandError
from .reports import Output, output_of, to_standard_output, write_reports

if TYPE_CHECKING:
    from dbcontract.conformance.authoring.check import Checks
    from dbcontract.conformance.catalogue.rules import Catalogue, Rule
    from dbcontract.conformance.http.redaction import Redactor
    from dbcontract.conformance.results.results import RunResult
    from dbcontract.conformance.runner.engine import Options
    from dbcontract.conformance.runner.shards import Shard
    from dbcontract.conformance.target.options import TargetOptions
    from dbcontract.conformance.target.target import Target


def _own_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options that single APIs add; it takes them as keywords, by their names."""
    for name, key in reversed([*options().items()]):
        command = click.option(f"--{name}", name, metavar="UUID", multiple=key.several, help=key.told)(
            command
        )
    return command


@click.command("check")
@click.argument("url", required=False)
@click.option(
    "--api", type=click.Choice([*names(), "all"]), help="Which API the URL serves. Default: found out."
)
@target_options.target_file
@rule_options
@click.option(
    "--allow", metavar="LIST", multiple=True, help=f"Out of {', '.join(ALLOWABLE)}; else only reads."
)
@target_options.token_env
@_own_options
@target_options.proxy
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed, the same generated calls."
)
@click.option("--no-fuzzing", is_flag=True, help="Leave the generated calls out.")
@report_options
@click.option("--fail-fast", is_flag=True, help="Stop at the first failure.")
@click.option(
    "--jobs", type=click.IntRange(1, 32), default=1, show_default=True, help="Checks at a time, on a mock."
)
@click.option(
    "--shard",
    "shard_text",
    metavar="I/N",
    help="Judge the I-th of N parts; `dbcontract report merge` puts the reports of all together.",
)
@click.option("--plan", is_flag=True, help="Print what a run would send, and send nothing.")
@click.option("-v", "--verbose", is_flag=True, help="Print every exchange, with whole bodies.")
def command(  # noqa: PLR0917 (one argument an option)
    url: str | None,
    api: str | None,
    target_file: Path | None,
    only: tuple[str, ...],
    level: tuple[str, ...],
    allow: tuple[str, ...],
    token_env: str | None,
    proxy: str | None,
    seed: int,
    no_fuzzing: bool,  # noqa: FBT001 (a flag)
    reports: tuple[str, ...],
    baseline_file: Path | None,
    fail_fast: bool,  # noqa: FBT001 (a flag)
    jobs: int,
    shard_text: str | None,
    plan: bool,  # noqa: FBT001 (a flag)
    verbose: bool,  # noqa: FBT001 (a flag)
    **own: str | tuple[str, ...] | None,
) -> int:
    """Judge the implementation at URL, or a mock of our own.

    Exit status: 0 conformant, 1 not, 2 wrong usage, 3 the target could not be reached or broke off, 4 nothing
    could be verified.
    """
    from .loading import loading_at_once

    click.get_current_context().with_resource(loading_at_once())
    from dbcontract.conformance.catalogue.rules import load_all

    if url is not None and target_file is not None:
        raise CommandError("URL, --target: give one of the two; the file says where the target is")
    outputs = [output_of(text, tuple(FORMATS)) for text in reports]
    asked = _target_options(
        url=url,
        api=api,
        target_file=target_file,
        allow=allow,
        token_env=token_env,
        own={name: (one,) if isinstance(one, str) else one for name, one in own.items() if one},
        proxy=proxy,
    )
    catalogue = load_all()
    rules = select_rules(catalogue, only, level)
    baseline = read_baseline(baseline_file)
    shard = _shard(shard_text)
    options = _options(
        asked,
        only,
        level,
        seed=seed,
        fuzzing=not no_fuzzing,
        fail_fast=fail_fast,
        jobs=jobs,
        whole=verbose,
    )
    options = replace(options, tolerated=baseline.rules if baseline else frozenset())
    if plan and shard is not None:
        raise CommandError("--plan, --shard: give one of the two; a plan is that of the whole run")
    if plan:
        from .plan import show_plan

        show_plan(_described(asked, os.environ), rules, catalogue, options)
        return 0
    with ExitStack() as at_the_end:
        interruption = at_the_end.enter_context(Interruption())
        if url is None and target_file is None:
            target = at_the_end.enter_context(_embedded(asked))
        else:
            target = _resolve(asked, os.environ, interruption)
        quiet = to_standard_output(outputs)
        result, redactor = _run(target, rules, catalogue, options, interruption, shard=shard, quiet=quiet)
        if baseline is not None:
            result = with_baseline(result, baseline, catalogue)
        show(result, redactor, outputs, verbose=verbose)
    return _status(result)


def _target_options(
    *,
    url: str | None,
    api: str | None,
    target_file: Path | None,
    allow: tuple[str, ...],
    token_env: str | None,
    own: Mapping[str, tuple[str, ...]],
    proxy: str | None,
) -> TargetOptions:
    from dbcontract.conformance.target.options import TargetOptions, permissions
    from dbcontract.conformance.target.target import TargetError

    try:
        allowed = permissions(allow, "--allow")
    except TargetError as error:
        raise CommandError(str(error)) from error
    return TargetOptions(url, api, target_file, allowed, token_env, own, proxy)


def _resolve(
    asked: TargetOptions, environment: Mapping[str, str], interruption: Interruption | None = None
) -> Target:
    from dbcontract.conformance.environment.session import Cancelled
    from dbcontract.conformance.target.target import TargetError

    try:
        return asked.resolve(environment, interruption.cancelled if interruption is not None else None)
    except Cancelled:
        raise click.Abort from None
    except TargetError as error:
        raise CommandError(str(error)) from error


def _described(asked: TargetOptions, environment: Mapping[str, str]) -> Target:
    from dbcontract.conformance.target.target import TargetError

    try:
        return asked.described(environment)
    except TargetError as error:
        raise CommandError(str(error)) from error


def _options(
    asked: TargetOptions,
    only: tuple[str, ...],
    level: tuple[str, ...],
    *,
    fuzzing: bool,
    **given: Any,
) -> Options:
    from dbcontract.conformance.runner.engine import Options
    from dbcontract.conformance.runner.fuzzing.settings import FuzzingSettings

    chosen = [
        word for name, values in (("--only", only), ("--level", level)) for v in values for word in (name, v)
    ]
    words = [
        "dbcontract",
        "check",
        *asked.arguments,
        *map(shlex.quote, chosen),
        "--seed",
        str(given["seed"]),
    ]
    return Options(
        fuzzing=FuzzingSettings() if fuzzing else None,
        selection=" ".join(chosen),
        command=" ".join([*words, *([] if fuzzing else ["--no-fuzzing"])]),
        **given,
    )


@contextmanager
def _embedded(asked: TargetOptions) -> Iterator[Target]:
    """A mock of our own, for as long as the block lasts."""
    from dbcontract.mockserver.sandbox.settings import Settings, TokenGrant
    from dbcontract.mockserver.server.run import ServerThread, StartError

    # It is asked much that is not HTTP; what uvicorn would say about that on stderr is of no use here.
    logging.getLogger("uvicorn.error").addHandler(logging.NullHandler())
    token, read_only = (secrets.token_hex(20) for _ in range(2))
    settings = Settings(port=0, tokens=(TokenGrant(token), TokenGrant(read_only, read_only=True)))
    try:
        with ServerThread(settings) as running:
            served = replace(asked, url=running.base_url, token_env="TOKEN")  # noqa: S106 (a name)
            target = _resolve(served, {"TOKEN": token})
            # Waiting is a call here, so nothing need be left out for taking long.
            yield replace(
                target.with_own(lambda own: own.with_read_only(read_only)),
                name="the mock of dbcontract",
                arguments=asked.arguments,
                capabilities=target.capabilities | {"wait"},
            )
    except StartError as error:
        raise CommandError(str(error)) from error


def _run(
    target: Target,
    rules: Sequence[Rule],
    catalogue: Catalogue,
    options: Options,
    interruption: Interruption,
    *,
    shard: Shard | None,
    quiet: bool,
) -> tuple[RunResult, Redactor]:
    """The result, and what knows its secrets, and most of its texts already."""
    import dbcontract
    from dbcontract.conformance.authoring.check import discover
    from dbcontract.conformance.runner.collecting import spare_what_is_loaded
    from dbcontract.conformance.runner.engine import Engine
    from dbcontract.conformance.target.target import TargetError

    from .check_progress import announce, listening

    checks = discover()
    if not any(rule.api in target.apis for rule in rules):
        raise CommandError(
            f"--only: the target serves {', '.join(target.apis)}, and no rule of that is chosen"
        )
    watched: Sequence[Rule] = ()
    if shard is not None:
        rules, watched, options = _shared_out(shard, rules, checks, target, options)
    with listening(quiet=quiet) as listener:
        engine = Engine(
            target,
            rules,
            checks,
            catalogues=dict(catalogue.versions),
            options=options,
            listener=listener,
            kit_version=dbcontract.__version__,
            cancelled=interruption.cancelled,
            watched=watched,
        )
        interruption.tells(engine.rule_runner.left)
        try:
            engine.prepare()
            announce(target)
            spare_what_is_loaded()
            return engine.run(), engine.rule_runner.redactor
        except TargetError as error:
            raise CommandError(str(error)) from error


def _shard(text: str | None) -> Shard | None:
    from dbcontract.conformance.runner.shards import ShardError, shard_of

    try:
        return shard_of(text) if text is not None else None
    except ShardError as error:
        raise CommandError(f"--shard: {error}") from error


def _shared_out(
    shard: Shard, rules: Sequence[Rule], checks: Checks, target: Target, options: Options
) -> tuple[Sequence[Rule], Sequence[Rule], Options]:
    """The rules of a shard, those that it watches for others, and the options of its run."""
    from dbcontract.conformance.runner.shards import ShardError, share

    try:
        found = share(shard, rules, checks, target, fuzzing=options.fuzzing is not None)
    except ShardError as error:
        raise CommandError(f"--shard {error}") from error
    command = f"{options.command} --shard {shard}"
    return found.rules, found.watched, replace(options, shard=found.summary, command=command)


def show(result: RunResult, redactor: Redactor, outputs: list[Output], *, verbose: bool) -> None:
    """Print a result, and write its reports."""
    from dbcontract.conformance import report
    from dbcontract.conformance.report.shown import redacted

    from .check_output import print_result

    print_result(redacted(result, redactor), verbose=verbose, to_stderr=to_standard_output(outputs))
    write_reports(outputs, lambda form: report.render(form, result, redactor))


def _status(result: RunResult) -> int:
    from dbcontract.conformance.results.results import exit_code

    return INTERRUPTED if result.stopped == "interrupted" else exit_code(result)
