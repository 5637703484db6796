"""What a situation is: a documented case that a client can meet, and the lines that bring it about."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from .exchange import Exchange

SERVER: Final = "$DBCONTRACT_URL"
"""What stands for the mock's URL in a shell command."""
_PARAMETER = re.compile(r"\{(\w+)\}")
_CONTROL: Final = {"faults": "faults.add", "clock/advance": "clock.advance", "settings": "settings"}


class Memory(Protocol):
    """What is remembered of earlier exchanges of the same sandbox; each API has its own."""

    def note(self, exchange: Exchange) -> None:
        """Remember an exchange, which was judged before."""


class Step(Protocol):
    """A line that is part of bringing a situation about."""

    @property
    def python(self) -> str:
        """As a statement, with `mock` for the client of the sandbox."""

    @property
    def curl(self) -> str:
        """As a shell command, with variables for URLs, token and ids."""


@dataclass(frozen=True)
class Order:
    """A call of the control API.

    Attributes:
        path: below `/_mock/`: `faults`, `clock/advance` or `settings`.
        order: its body.
        arguments: of the Python client, where they are not the body's.
    """

    path: str
    order: Mapping[str, Any]
    arguments: Mapping[str, Any] | None = None

    @property
    def python(self) -> str:
        """The call of the Python client."""
        given = dict(self.order if self.arguments is None else self.arguments)
        words = [repr(given.pop("operation"))] if "operation" in given else []
        words += [f"{name}={value!r}" for name, value in given.items()]
        name = _CONTROL[self.path]
        if self.order.get("to") == "next-midnight":
            name, words = "clock.advance_to_next_midnight", []
        return f"mock.{name}({', '.join(words)})".replace("'", '"')

    @property
    def curl(self) -> str:
        """The call as a shell command."""
        method = "-X PATCH " if self.path == "settings" else ""
        return f'curl -s {method}"{SERVER}/_mock/{self.path}" -d {_quoted(json.dumps(self.order))}'


def fault(operation: str, **order: Any) -> Order:
    """Order a fault."""
    return Order("faults", {"operation": operation, **order})


def settings(**order: Any) -> Order:
    """Change settings."""
    return Order("settings", order)


def advance(**spans: float) -> Order:
    """Move the clock on, by `days`, `hours`, `minutes` or `seconds`."""
    seconds = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
    return Order("clock/advance", {"seconds": sum(seconds[name] * n for name, n in spans.items())}, spans)


def midnight() -> Order:
    """Move the clock to where the next day begins."""
    return Order("clock/advance", {"to": "next-midnight"})


@dataclass(frozen=True)
class Line:
    """A line that is written out in both languages."""

    python: str
    curl: str


@dataclass(frozen=True)
class Request:
    """A request of an API.

    Attributes:
        method: of HTTP.
        path: from the base URL of the API; `{databaseId}` and the like stand for ids that exist.
        body: sent as JSON; text is sent as it is.
        headers: beside the token; one that is None is left out.
        url: the attribute of the Python client that is the base URL.
        variable: the environment variable for that.
        ids: Python expressions for the ids in path and body.
        token: the environment variable for the token; None sends none.
        without_token: the session of the Python client has a token, which is left out.
    """

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = "base_url"
    variable: str = "DBCONTRACT_URL"
    ids: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None
    without_token: bool = False

    @property
    def python(self) -> str:
        """The call of the session of the Python client."""
        path = _PARAMETER.sub(lambda found: f"{{{self.ids[found[1]]}}}", self.path)
        headers: dict[str, str | None] = dict(self.headers)
        words = [f'f"{{mock.{self.url}}}{path}"']
        if isinstance(self.body, str):
            words.append(f"data={_text(self.body)}")
        elif self.body is not None:
            body = _literal(self.body)
            for name, expression in self.ids.items():
                body = body.replace(f'"{{{name}}}"', expression)
            words.append(f"json={body}")
        if self.without_token:
            headers["Authorization"] = None
        if headers:
            words.append(f"headers={_literal(headers)}")
        return f"mock.session().{self.method.lower()}({', '.join(words)})"

    @property
    def curl(self) -> str:
        """The request as a shell command."""
        words = ["curl", "-s"] + ([] if self.method == "GET" else ["-X", self.method])
        if self.token is not None:
            words += ["-H", f'"Authorization: Token ${self.token}"']
        for name, value in self.headers.items():
            words += ["-H", _quoted(f"{name}: {value}")]
        if self.body is not None:
            as_json = not isinstance(self.body, str)
            if as_json:
                words += ["-H", "'Content-Type: application/json'"]
            body = _quoted(json.dumps(self.body) if as_json else self.body)
            for name in self.ids:
                body = body.replace(f"{{{name}}}", f"'\"${name}\"'")
            words += ["-d", body]
        path = _PARAMETER.sub(lambda found: f"${{{found[1]}}}", self.path)
        return " ".join([*words, f'"${self.variable}{path}"'])


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _text(text: str) -> str:
    return json.dumps(text)


def _literal(value: Any) -> str:
    """A value as Python writes it, with double quotes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(name)}: {_literal(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return _text(value) if isinstance(value, str) else repr(value)


@dataclass(frozen=True, kw_only=True)
class Situation:
    """A case that a client's tests can meet.

    Attributes:
        id: short, in kebab-case, unique in its API.
        title: what the client meets, as a sentence without a full stop.
        operations: those whose exchanges can show it; empty for all of the API.
        met: whether an exchange shows it, given what is remembered of those before.
        steps: what brings it about.
        then: what the client does after that, or with it; empty where the steps are all.
        rules: the rules of the catalogue that say what happens.
    """

    id: str
    title: str
    operations: tuple[str, ...] = ()
    met: Callable[[Exchange, Any], bool]
    steps: tuple[Step, ...]
    then: str = ""
    rules: tuple[str, ...]
