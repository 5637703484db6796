"""The rules as pytest items: `--dbcontract-url URL` adds one for every rule, `conformance::PB-ASSET-03`.

They stand beside the user's own tests, or alone (`pytest --dbcontract-url URL conformance`). A rule that is
violated fails, one that could not be verified is skipped with its reason, and the violation of an inferred
rule is told in the summary. Without a target nothing is added, and nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ..apis.base import ApiNotUsable, Key, options
from ..catalogue.vocabulary import ALLOWABLE, Level
from ..report import FORMATS
from .settings import ROOT, Settings

LEVELS = {
    Level.DOCUMENTED: "a rule that one of the two documents states (dbcontract)",
    Level.PUBLISHED: "a rule that the vendor states elsewhere (dbcontract)",
    Level.INFERRED: "a rule that no vendor text states; a violation is told, but fails nothing (dbcontract)",
}

_TEXTS = {
    "url": "Judge the implementation at this URL, one item a rule.",
    "target": "The same, with a target file, as `dbcontract init` writes one.",
    "api": "Which API the URL serves: the name of one, or all. Default: found out.",
    "allow": f"Out of {', '.join(ALLOWABLE)}, separated by commas; else only reads.",
    "token_env": "The variable with the token. Default: DBCONTRACT_TOKEN.",
    "proxy": "A forward proxy, http://HOST:PORT. Without it none is used.",
    "shard": "Judge the I-th of N parts, I/N; `dbcontract report merge` puts the reports together.",
    "baseline": "Accepted failures, each with a reason: expected to fail.",
}
_LISTS = {
    "only": "Only the rules with such ids. Repeatable.",
    "report": f"Write a report, FORMAT=FILE: {', '.join(FORMATS)}. Repeatable.",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and an ini key for each."""
    group = parser.getgroup("dbcontract-conformance", "conformance to a documented API")
    for name, text in _TEXTS.items():
        group.addoption(_flag(name), metavar=name.upper(), help=text)
        parser.addini(f"dbcontract_{name}", text)
    for name, text in _LISTS.items():
        group.addoption(_flag(name), metavar=name.upper(), action="append", default=[], help=text)
        parser.addini(f"dbcontract_{name}", text, type="args", default=[])
    for name, key in _own_options().items():
        if key.several:
            group.addoption(_flag(name), metavar="UUID", action="append", default=[], help=key.told)
            parser.addini(f"dbcontract_{name}", key.told, type="args", default=[])
        else:
            group.addoption(_flag(name), metavar="UUID", help=key.told)
            parser.addini(f"dbcontract_{name}", key.told)
    seed = "The seed of generated calls. Default: 1."
    group.addoption("--dbcontract-check-seed", metavar="N", type=int, help=seed)
    parser.addini("dbcontract_check_seed", seed, default=None)
    fuzzing = "Leave the generated calls out."
    group.addoption("--dbcontract-no-fuzzing", action="store_true", help=fuzzing)
    parser.addini("dbcontract_no_fuzzing", fuzzing, type="bool", default=False)


def _own_options() -> Mapping[str, Key]:
    """What single APIs add, by the names of their options."""
    try:
        return options()
    except ApiNotUsable as error:
        raise pytest.UsageError(str(error)) from None


def _flag(name: str) -> str:
    return f"--dbcontract-{name.replace('_', '-')}"


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers and, if there is a target, everything else.

    Raises:
        pytest.UsageError: the target, a rule, the baseline or a report is given wrongly.
    """
    for name, text in LEVELS.items():
        config.addinivalue_line("markers", f"{name}: {text}")
    url, target = _chosen(config, "url"), _chosen(config, "target")
    named = _take_arguments(config)
    if not url and not target:
        if named:
            raise pytest.UsageError(f"{named[0]}: give a target, too: {_flag('url')} or {_flag('target')}")
        return
    if url and target:
        raise pytest.UsageError(f"{_flag('url')}, {_flag('target')}: give one of the two")
    from .controller import register  # noqa: PLC0415 (heavy, and of no use without a target)

    register(config, _settings(config, named))


def _take_arguments(config: pytest.Config) -> tuple[str, ...]:
    """Take `conformance` and `conformance::ID` out of the arguments, which pytest would look for as files."""
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker is not None:
        named = tuple(worker.get("dbcontract_named", ()))
        if worker.get("dbcontract_alone"):
            config.args = []
        return named
    taken = [arg for arg in config.args if arg == ROOT or arg.startswith(f"{ROOT}::")]
    if ROOT in taken and (config.invocation_params.dir / ROOT).exists():
        # A folder of the user's own, in which pytest is to collect.
        taken.remove(ROOT)
    if taken:
        config.args = [arg for arg in config.args if arg not in taken]
    return tuple(taken)


def _chosen(config: pytest.Config, name: str) -> str:
    return str(config.getoption(_flag(name)) or config.getini(f"dbcontract_{name}") or "")


def _settings(config: pytest.Config, named: tuple[str, ...]) -> Settings:
    def path(name: str) -> Path | None:
        text = _chosen(config, name)
        return config.rootpath / text if text else None

    def several(name: str) -> tuple[str, ...]:
        return tuple(config.getoption(_flag(name)) or config.getini(f"dbcontract_{name}"))

    seed = config.getoption("--dbcontract-check-seed")
    if seed is None:
        seed = config.getini("dbcontract_check_seed")
    try:
        number = int(seed) if seed else 1
    except ValueError:
        raise pytest.UsageError(f"dbcontract_check_seed: {seed!r} is not a whole number") from None
    return Settings(
        url=_chosen(config, "url") or None,
        target_file=path("target"),
        api=_chosen(config, "api") or None,
        allow=_chosen(config, "allow"),
        token_env=_chosen(config, "token_env") or None,
        own={
            name: several(name) if key.several else tuple(filter(None, [_chosen(config, name)]))
            for name, key in _own_options().items()
        },
        proxy=_chosen(config, "proxy") or None,
        only=several("only"),
        named=tuple(arg.partition("::")[2] for arg in named if "::" in arg),
        alone=bool(named) and not config.args,
        reports=several("report"),
        baseline_file=path("baseline"),
        seed=number,
        shard=_chosen(config, "shard") or None,
        fuzzing=not (config.getoption("--dbcontract-no-fuzzing") or config.getini("dbcontract_no_fuzzing")),
    )
