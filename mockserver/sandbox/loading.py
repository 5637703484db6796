"""Turns a data set's entries into the base of a sandbox."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from dbcontract import fixtures

from ..apis.installed import installed
from ..state.errors import StateError
from ..state.instants import DAY, day_of, parse_instant
from ..state.objects import ObjectStore
from .api import RememberedApi
from .clock import real_time
from .errors import SettingsError
from .sandbox import Base
from .settings import Settings


class DataError(SettingsError):
    """A data set that cannot be served; the message names the place and the remedy."""


def load_base(settings: Settings) -> Base:
    """Build the data set that the settings name, or read the file that they name.

    Raises:
        DataError: an unknown data set, an unreadable file, or content that breaks the contract.
    """
    return _built(_entries, settings)


def base_of_document(content: bytes, settings: Settings) -> Base:
    """Build the data set that a document holds, JSON or JSON Lines.

    Raises:
        DataError: it holds no data set, or one that breaks the contract.
    """
    return _built(lambda _: fixtures.read_bytes(content, "document"), settings)


def _built(entries: Callable[[Settings], Iterable[Mapping[str, Any]]], settings: Settings) -> Base:
    try:
        return build_base(entries(settings), settings)
    except fixtures.FixtureError as error:
        raise DataError(str(error)) from error
    except StateError as error:
        msg = f'data "{settings.data}": {error}'
        raise DataError(msg) from error


def _entries(settings: Settings) -> Iterable[Mapping[str, Any]]:
    if settings.data in fixtures.names():
        at = settings.clock.at
        if at is None and settings.clock.frozen:
            return fixtures.build(settings.data, seed=settings.seed)
        # Whole days, so that the data ends where today begins and nothing lies in the future.
        now = real_time() if at is None else at
        return fixtures.build(settings.data, seed=settings.seed, as_of=day_of(now) * DAY)
    if os.sep in settings.data or Path(settings.data).suffix or Path(settings.data).exists():
        return fixtures.read(settings.data)
    raise fixtures.UnknownDataSet(settings.data, tuple(fixtures.names()))


def build_base(entries: Iterable[Mapping[str, Any]], settings: Settings) -> Base:
    """The base that the entries describe (format `dbcontract-dataset/1`, checked by `fixtures`).

    Raises:
        DataError: an entry of a kind that no installed API takes.
        StateError: the contents of an entry break a rule of its API.
    """
    objects = ObjectStore()
    loaders = {
        name: api.loader(settings, objects) for name, api in installed(RememberedApi).items() if api.loader
    }
    take = {kind: taken for loader in loaders.values() for kind, taken in loader.kinds.items()}
    header: Mapping[str, Any] = {}
    for entry in entries:
        kind = entry["kind"]
        if kind == "dataset":
            header = entry
        elif kind in take:
            take[kind](entry)
        else:
            msg = f'data "{settings.data}": no API that is installed takes entries of the kind "{kind}"'
            raise DataError(msg)
    as_of = parse_instant(header["as_of"])
    seed = settings.seed if header["seed"] is None else header["seed"]
    return Base(
        name=header["name"],
        seed=seed,
        as_of=as_of,
        states={name: loader.finish(as_of, seed) for name, loader in loaders.items()},
        objects=objects,
    )
