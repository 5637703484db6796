"""What a user asks for, on the command line or through pytest: which target, and which rules."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from uuid import UUID

from ..apis.base import Kind, OwnKeys, apis, names
from ..catalogue.rules import Catalogue, Rule, UnknownRule
from ..catalogue.vocabulary import ALLOWABLE
from ..http.proxy import ProxyError, proxy_of
from . import discovery
from . import file as targetfile
from .target import Target, TargetError

TOKEN_VARIABLE: Final = "DBCONTRACT_TOKEN"  # noqa: S105 (the name of a variable)


def api_choices() -> Mapping[str, tuple[str, ...]]:
    """What a user may say for the API to judge, the name of one or `all`, and the APIs that it means."""
    return {**{name: (name,) for name in names()}, "all": names()}


class SelectionError(ValueError):
    """No rules are left, or a name is not one; the message says which, and what is near."""


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """The target as a user names it; the attributes are the flags of `dbcontract check`.

    Attributes:
        own: what the `options` of single APIs were given, by their names.
        prefix: stands before the names of flags in messages.
    """

    url: str | None = None
    api: str | None = None
    target_file: Path | None = None
    allow: tuple[str, ...] = ()
    token_env: str | None = None
    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    proxy: str | None = None
    prefix: str = "--"

    @property
    def arguments(self) -> tuple[str, ...]:
        """The same on a command line of `dbcontract check`, quoted."""
        words = [self.url] if self.url is not None else []
        named: Mapping[str, Iterable[str | None]] = {
            "--target": [str(self.target_file) if self.target_file is not None else None],
            "--api": [self.api],
            "--allow": [",".join(self.allow) or None],
            "--token-env": [self.token_env],
            **{f"--{name}": values for name, values in self.own.items()},
            "--proxy": [self._shown_proxy()],
        }
        for name, values in named.items():
            for value in values:
                words += [name, value] if value is not None else []
        return tuple(map(shlex.quote, words))

    def _shown_proxy(self) -> str | None:
        """The proxy without its credentials."""
        try:
            return proxy_of(self.proxy, {}).name if self.proxy is not None else None
        except ProxyError:
            return None

    def resolve(self, environment: Mapping[str, str], cancelled: threading.Event | None = None) -> Target:
        """The target, once it is known what it is.

        Args:
            environment: where the token is.
            cancelled: set when the user does not want to wait for the answers any more.

        Raises:
            TargetError: something about it is wrong; the message names it.
            Cancelled: the user did not wait.
        """
        target = self._named(environment)
        guess = self.target_file is None and self.api in {None, "all"}
        return discovery.resolve(self._completed(target, environment), guess=guess, cancelled=cancelled)

    def described(self, environment: Mapping[str, str]) -> Target:
        """The target as it is described, without a single request to it.

        Args:
            environment: where the token is.

        Raises:
            TargetError: something about it is wrong, or has to be asked for; the message names it.
        """
        if self.target_file is None and self.api is None:
            raise TargetError(
                f"{self.prefix}api: name it ({_either(api_choices())}), as the target is not asked"
            )
        return discovery.paced(self._completed(self._named(environment), environment))

    def _named(self, environment: Mapping[str, str]) -> Target:
        if self.target_file is not None:
            return self._restricted(targetfile.read(self.target_file, environment))
        return discovery.of_url(self.url or "", api_choices()[self.api] if self.api is not None else ())

    def _restricted(self, target: Target) -> Target:
        kept = api_choices()[self.api or "all"]
        return target.only(*kept)

    def _completed(self, target: Target, environment: Mapping[str, str]) -> Target:
        """With what the flags say beside the URL or the file."""
        known = dict(target.names) | self._names()
        token = environment.get(self.token_env or TOKEN_VARIABLE, "").strip()
        if self.token_env is not None and not token:
            name = f"{self.prefix}token-env"
            raise TargetError(f"{name}: the variable {self.token_env} is not set; put the token there")
        endpoints = dict(target.endpoints)
        for api, endpoint in target.endpoints.items():
            wanted = endpoint.token is None or self.token_env is not None
            if token and apis()[api].needs_token and wanted:
                endpoints[api] = replace(endpoint, token=token)
                known[f"{api}.token"] = self.token_env or TOKEN_VARIABLE
        target = replace(
            target.with_own(self._with_flags),
            endpoints=endpoints,
            arguments=self.arguments,
            names=tuple(known.items()),
        )
        if self.proxy is not None:
            try:
                target = replace(target, proxy=proxy_of(self.proxy, environment))
            except ProxyError as error:
                raise TargetError(f"{self.prefix}proxy: {error}") from None
        return target.with_capabilities(*self.allow)

    def _with_flags(self, own: OwnKeys) -> OwnKeys:
        """The values of an API's own keys, with those that flags say."""
        changes: dict[str, object] = {}
        for key in own.keys:
            given = self.own.get(key.option or "", ())
            if given:
                ids = tuple(_uuid(one, f"{self.prefix}{key.option}") for one in given)
                changes[key.field or key.name] = ids if key.kind is Kind.IDS else ids[0]
        return replace(own, **changes)

    def _names(self) -> dict[str, str]:
        """The flags by the keys that they stand for: all, or, beside a file, those that were given."""
        flags = {
            f"{name}.token_env": ("token-env", self.token_env is not None)
            for name, api in apis().items()
            if api.needs_token
        } | {
            f"{name}.{key.name}": (key.option, bool(self.own.get(key.option)))
            for name, api in apis().items()
            for key in api.keys
            if key.option is not None
        }
        without_file = self.target_file is None
        url = f"{self.prefix}url" if self.prefix != "--" else "URL"
        urls = {f"{api}.url": url for api in names() if without_file} | {"api": f"{self.prefix}api"}
        return urls | {
            key: f"{self.prefix}{name}" for key, (name, given) in flags.items() if given or without_file
        }


def _either(words: Iterable[str]) -> str:
    """Words to choose among: `a, b or c`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _uuid(text: str, flag: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise TargetError(f"{flag}: {text!r} is not a UUID") from None


def permissions(lists: Iterable[str], flag: str) -> tuple[str, ...]:
    """Permissions, given separated by commas or one by one.

    Raises:
        TargetError: one that is unknown.
    """
    words = [word.strip() for text in lists for word in text.split(",") if word.strip()]
    for word in words:
        if word not in ALLOWABLE:
            raise TargetError(f"{flag}: {word!r} is unknown; allow some of {', '.join(ALLOWABLE)}")
    return tuple(dict.fromkeys(words))


def select(catalogue: Catalogue, only: Sequence[str] = (), levels: Sequence[str] = ()) -> list[Rule]:
    """The rules that are asked for and that a check can tell.

    Args:
        catalogue: all rules.
        only: ids or patterns; none for all.
        levels: of the rules; none for all.

    Raises:
        SelectionError: a pattern that no rule has, or nothing that can be checked is left.
    """
    try:
        rules = catalogue.select(only) if only else catalogue.rules
    except UnknownRule as error:
        raise SelectionError(str(error)) from error
    wanted = [rule for rule in rules if not levels or rule.level in levels]
    testable = [rule for rule in wanted if rule.testable]
    if wanted and not testable:
        reasons = "; ".join(f"{rule.id}: {rule.untestable}" for rule in wanted[:3])
        raise SelectionError(f"no check can tell. {reasons}")
    if not testable:
        raise SelectionError("no rule is left")
    return testable
