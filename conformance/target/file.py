"""`dbcontract.toml`: a target that is described in a file."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from ..apis.base import JudgedApi, Key, Kind, OwnKeys, apis, names
from ..catalogue.vocabulary import ALLOWABLE
from ..environment.hooks import PLACEHOLDERS
from ..environment.hooks import urls as url_placeholders
from ..http.proxy import Proxy, ProxyError, proxy_of
from ..http.wire import Limits
from .target import (
    HOOKS,
    CommandHook,
    Endpoint,
    Hook,
    HttpHook,
    Pace,
    Target,
    TargetError,
    base_url,
)

DEFAULT_NAME: Final = "dbcontract.toml"


def template() -> str:
    """A commented target file to begin with, with a table for each installed API."""
    text = files(__package__).joinpath("template.toml").read_text(encoding="utf-8")
    head, tail = text.split("#APIS\n")
    urls = ", ".join(f"{{{name}}}" for name in url_placeholders())
    limits = [key for api in apis().values() for key in api.keys if key.kind is Kind.LIMIT]
    tail = tail.replace("#LIMITS", "\n".join(f"# {key.name} = {key.example}" for key in limits))
    return head + "\n".join(map(_template_of, apis().values())) + tail.replace("#URLS", urls)


def _template_of(api: JudgedApi) -> str:
    """The table of one API in the template."""
    lines = [f"[{api.name}]", f'url = "{api.usual_url}"', ""]
    if api.needs_token:
        lines += [
            "# The environment variable that holds the token. The token itself never belongs into a file.",
            f'token_env = "{api.name.upper()}_TOKEN"',
            "",
        ]
    for key in api.keys:
        mark = "" if key.needed else "# "
        if key.kind is not Kind.LIMIT:
            lines += [f"# {key.help}", f"{mark}{key.name} = {key.example}", ""]
    lines += [
        "# A second, empty instance, for the checks that move what is there from one to another.",
        '# second_url = "http://localhost:8001"',
        "",
        "# Sent with every request to this API, to nobody else.",
        '# headers = { "X-Example" = "value" }',
        "",
    ]
    return "\n".join(lines)


def read(path: Path, environment: Mapping[str, str]) -> Target:
    """Read a target file.

    Args:
        path: of the file; `ca_bundle` is relative to its folder.
        environment: where the tokens are.

    Raises:
        TargetError: the file cannot be read, or something in it is wrong; the message names the key.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no UTF-8"
        raise TargetError(
            f"{path}: cannot be read: {reason}; `dbcontract init` writes such a file"
        ) from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TargetError(f"{path}: no TOML: {error}") from error
    except RecursionError:
        raise TargetError(f"{path}: no target file: its values are nested too deeply") from None
    try:
        return parse(document, environment, folder=path.parent, arguments=("--target", str(path)))
    except TargetError as error:
        raise TargetError(f"{path}: {error}") from None


def parse(
    document: Mapping[str, Any],
    environment: Mapping[str, str],
    *,
    folder: Path = Path(),
    arguments: tuple[str, ...] = (),
) -> Target:
    """A target from the content of its file.

    Raises:
        TargetError: something is wrong; the message names the key.
    """
    top = _Table("", document)
    target, limits, pace = top.table("target"), top.table("limits"), top.table("pace")
    tables = {api: top.table(api) for api in names()}
    hooks = top.table("hooks")
    endpoints = {
        api: endpoint
        for api, table in tables.items()
        if (endpoint := _endpoint(table, environment)) is not None
    }
    urls = tuple((api, endpoint.url) for api, endpoint in endpoints.items())
    known = (*(f"{api}_url" for api, _ in urls), "run", "instance")
    parsed_hooks = tuple((name, _hook(hooks.table(name), name, known)) for name in HOOKS if name in hooks)
    allowed = target.texts("allow", ALLOWABLE)
    bundle = target.text("ca_bundle")
    if bundle is not None and not (folder / bundle).is_file():
        raise TargetError(f"target.ca_bundle: there is no file {folder / bundle}")
    result = Target(
        name=target.text("name") or "target",
        endpoints=endpoints,
        capabilities=_capabilities(allowed, parsed_hooks, storage=target.flag("storage", default=True)),
        own=tuple(
            _own(api.own_keys, table, limits, environment)
            for name, table in tables.items()
            if (api := apis()[name]).own_keys is not None
        ),
        pace=_pace(pace),
        hooks=parsed_hooks,
        hook_urls=urls,
        ca_bundle=str(folder / bundle) if bundle else None,
        proxy=_proxy(target, environment),
        open_links=target.flag("open_links", default=False),
        arguments=arguments,
        names=tuple(
            (f"{api}.token", variable)
            for api, table in tables.items()
            if (variable := table.text("token_env")) is not None
        ),
    )
    for table in (top, target, limits, pace, *tables.values(), hooks):
        table.finish()
    if not result.apis:
        keys = ", ".join(f"{api}.url" for api in tables)
        raise TargetError(f"{keys}: {'neither' if len(tables) == 2 else 'none'} is there; give at least one")
    if any(endpoint.second_url is not None for endpoint in endpoints.values()):
        result = result.with_capabilities("second")
    return result


def _capabilities(
    allowed: list[str], hooks: tuple[tuple[str, Hook], ...], *, storage: bool
) -> frozenset[str]:
    offered = {name for name, _ in hooks}
    given = {"advance_clock": "clock", "fail_next": "inject"}
    return frozenset(
        {"read", *allowed, *({"storage"} if storage else ())}
        | {capability for hook, capability in given.items() if hook in offered}
    )


def _endpoint(table: _Table, environment: Mapping[str, str]) -> Endpoint | None:
    url = table.text("url")
    second = table.text("second_url")
    token = _token(table, "token_env", environment)
    headers = table.strings("headers")
    if url is None:
        return None
    return Endpoint(
        url=base_url(url, where=table.name("url")),
        token=token,
        headers=headers,
        second_url=base_url(second, where=table.name("second_url")) if second else None,
    )


def _own(kind: type[OwnKeys], table: _Table, limits: _Table, environment: Mapping[str, str]) -> OwnKeys:
    """The values of the keys that only one API has."""
    values = {
        key.field or key.name: _own_value(key, limits if key.kind is Kind.LIMIT else table, environment)
        for key in kind.keys
    }
    return kind(**{name: value for name, value in values.items() if value is not None})


def _own_value(key: Key, table: _Table, environment: Mapping[str, str]) -> object:
    """None where the file does not have it."""
    match key.kind:
        case Kind.ID:
            return table.identifier(key.name)
        case Kind.IDS:
            return tuple(table.identifiers(key.name))
        case Kind.FLAG:
            return table.flag(key.name, default=False)
        case Kind.LIMIT:
            return table.whole(key.name, int(key.example))
        case Kind.SECRET:
            return _token(table, key.name, environment)


def _proxy(table: _Table, environment: Mapping[str, str]) -> Proxy | None:
    url = table.text("proxy")
    if url is None:
        return None
    if url.startswith("$"):
        url = _variable(table.name("proxy"), url[1:], environment)
    try:
        return proxy_of(url, environment)
    except ProxyError as error:
        raise TargetError(f"{table.name('proxy')}: {error}") from None


def _token(table: _Table, key: str, environment: Mapping[str, str]) -> str | None:
    variable = table.text(key)
    return _variable(table.name(key), variable, environment) if variable is not None else None


def _variable(key: str, variable: str, environment: Mapping[str, str]) -> str:
    value = environment.get(variable, "").strip()
    if not value:
        raise TargetError(f"{key}: the environment variable {variable} is not set; put it there")
    return value


def _pace(table: _Table) -> Pace:
    rate = table.number("requests_per_second", 0.0)
    return Pace(
        requests_per_second=rate or None,
        check=table.number("check_seconds", 120.0),
        run=table.number("run_seconds", 7_200.0),
        job_poll=table.number("job_poll_seconds", 1.0),
        job_wait=table.number("job_wait_seconds", 120.0),
        throttled=table.number("throttled_seconds", 65.0),
        wire=Limits(
            connect=table.number("connect_seconds", 5.0),
            read=table.number("read_seconds", 30.0),
            total=table.number("total_seconds", 60.0),
            body=table.whole("max_body_bytes", Limits().body),
            memory=table.whole("max_memory_bytes", Limits().memory),
        ),
    )


def _hook(table: _Table, name: str, everywhere: tuple[str, ...]) -> Hook:
    url, command = table.text("url"), table.texts("command")
    if (url is None) == (not command):
        raise TargetError(f"{table.name('url')}, {table.name('command')}: a hook has one of the two")
    operations = _operations(table) if "operation" in PLACEHOLDERS[name] else ()
    hook: Hook
    if url is not None:
        method = (table.text("method") or "POST").upper()
        hook = HttpHook(url, method, table.strings("headers"), table.text("body"), operations)
    else:
        hook = CommandHook(tuple(command), table.number("timeout_seconds", 60.0), operations)
    table.finish()
    known = (*PLACEHOLDERS[name], *everywhere)
    for wanted in (one for text in hook.texts for one in _placeholders(text)):
        if wanted in url_placeholders() and wanted not in known:
            api = wanted.removesuffix("_url")
            raise TargetError(f"{table.name('')}: {{{wanted}}} stands for nothing; there is no {api}.url")
        if wanted not in known:
            there = ", ".join(known)
            raise TargetError(
                f"{table.name('')}: {{{wanted}}} is not a placeholder of it; there are: {there}"
            )
    return hook


def _operations(table: _Table) -> tuple[tuple[str, str], ...]:
    """What the target calls operations, by operationId."""
    given = table.strings("operations")
    known = [one for api in names() for one in _operation_ids(api)] if given else []
    for operation, _ in given:
        if operation not in known:
            near = get_close_matches(operation, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
            raise TargetError(f"{table.name('operations')}.{operation}: no operation; {hint}")
    return given


def _operation_ids(api: str) -> list[str]:
    items = apis()[api].description()["paths"].values()
    return [one["operationId"] for item in items for one in item.values() if "operationId" in one]


def _placeholders(text: str) -> list[str]:
    """Words in braces; other braces are those of a JSON body."""
    found = []
    for part in text.split("{")[1:]:
        word, brace, _ = part.partition("}")
        if brace and word.isidentifier():
            found.append(word)
    return found


class _Table:
    """One table of the file: gives typed values, and knows what nobody asked for."""

    def __init__(self, path: str, values: Any) -> None:
        self._path = path
        if not isinstance(values, Mapping):
            raise TargetError(f"{path}: {values!r} is not a table; write [{path}]")
        self._values = values
        self._known: dict[str, None] = {}

    def __contains__(self, key: str) -> bool:
        self._known[key] = None
        return key in self._values

    def name(self, name: str) -> str:
        """A key as the user knows it."""
        return ".".join(part for part in (self._path, name) if part)

    def table(self, key: str) -> _Table:
        return _Table(self.name(key), self._take(key, {}))

    def text(self, key: str) -> str | None:
        value: str | None = self._typed(key, None, _is_text, 'a text, "…"')
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        value: bool = self._typed(key, default, lambda v: isinstance(v, bool), "true or false")
        return value

    def number(self, key: str, default: float) -> float:
        hint = "a number above 0"
        value: float = self._typed(key, default, lambda v: _is_number(v, (int, float)), hint)
        return float(value)

    def whole(self, key: str, default: int) -> int:
        value: int = self._typed(key, default, lambda v: _is_number(v, int), "a whole number above 0")
        return value

    def texts(self, key: str, allowed: tuple[str, ...] = ()) -> list[str]:
        def ok(value: Any) -> bool:
            return isinstance(value, list) and all(
                isinstance(one, str) and (not allowed or one in allowed) for one in value
            )

        hint = f"a list of {', '.join(allowed)}" if allowed else "a list of texts"
        return list(self._typed(key, [], ok, hint))

    def strings(self, key: str) -> tuple[tuple[str, str], ...]:
        def ok(value: Any) -> bool:
            return isinstance(value, Mapping) and all(isinstance(one, str) for one in value.values())

        return tuple(self._typed(key, {}, ok, 'a table of texts, { "Name" = "value" }').items())

    def identifier(self, key: str) -> str | None:
        text = self._typed(key, None, _is_uuid, "a UUID")
        return str(UUID(text)) if text is not None else None

    def identifiers(self, key: str) -> list[str]:
        def ok(value: Any) -> bool:
            return isinstance(value, list) and all(map(_is_uuid, value))

        return [str(UUID(text)) for text in self._typed(key, [], ok, "a list of UUIDs")]

    def _take(self, key: str, default: Any) -> Any:
        self._known[key] = None
        return self._values.get(key, default)

    def _typed(self, key: str, default: Any, ok: Callable[[Any], bool], hint: str) -> Any:
        value = self._take(key, default)
        if key in self._values and not ok(value):
            raise TargetError(f"{self.name(key)}: {value!r} does not fit; write {hint}")
        return value

    def finish(self) -> None:
        """Refuse what nobody asked for: a mistyped key must not be ignored."""
        for key in self._values:
            if key not in self._known:
                near = get_close_matches(key, self._known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(self._known)}"
                raise TargetError(f"{self.name(key)}: unknown; {hint}")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: Any, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool) and bool(0 < value < float("inf"))  # type: ignore[operator]


def _is_uuid(value: Any) -> bool:
    try:
        UUID(value)
    except (ValueError, AttributeError, TypeError):
        return False
    return True
