"""A curl command for every operation of the APIs, from the descriptions and the ids that exist."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..apis.base import served_apis

if TYPE_CHECKING:
    from ..apis.base import Samples

METHODS = ("get", "post", "put", "patch", "delete")
JSON = "application/json"
ANY_TOKEN = "any-token"  # noqa: S105 (a placeholder: without --token the mock accepts every token)


@dataclass(frozen=True, slots=True)
class _Operation:
    id: str
    method: str
    path: str
    description: Mapping[str, Any]
    secured: bool


def curl_lines(
    base_urls: Mapping[str, str], samples: Mapping[str, Samples], token: str | None
) -> list[tuple[str, str]]:
    """One (operation id, shell command) for each operation of the APIs in `base_urls`.

    What an operation is made for, such as the upload of a created asset, is a command of its own behind it.

    Operations that need an id of something that does not exist are left out. What deletes comes last, the
    smallest deletion first, so that the commands work when they are pasted one after the other.

    Args:
        base_urls: base URL without a trailing slash, by API.
        samples: what to ask for, by API.
        token: sent to the operations that ask for one; None sends none.
    """
    lines: list[tuple[str, str]] = []
    deletions: list[tuple[tuple[bool, int], tuple[str, str]]] = []
    for api, base_url in base_urls.items():
        api_lines = _Api(served_apis()[api].description(), base_url, samples[api], token)
        for operation in api_lines.operations():
            command = api_lines.command(operation)
            if command is None:
                continue
            if operation.method == "delete":
                size = (api_lines.has_others_in_it(operation), -operation.path.count("{"))
                deletions.append((size, (operation.id, command)))
            else:
                lines.append((operation.id, command))
                step = samples[api].next_step(operation.id)
                if step is not None:
                    lines.append((f"{operation.id}, then {step.name}", f"{command} | {step.command}"))
    return lines + [line for _, line in sorted(deletions)]


def first_calls(
    document: Mapping[str, Any], base_url: str, samples: Samples, token: str | None
) -> list[dict[str, str]]:
    """Of each part of a description, which is what a tag groups, the first operation, to begin with.

    What neither of the documents has (`x-around`) is left out, and what needs an id of something that does
    not exist.

    Args:
        document: the description.
        base_url: where it is served, without a trailing slash.
        samples: what to ask for.
        token: as for `curl_lines`; a variable of the shell (`$TOKEN`) will be expanded by it.

    Returns:
        The `operation`, its `summary` and the `command` of each.
    """
    api = _Api(document, base_url, samples, token)
    first: dict[str, dict[str, str]] = {}
    for operation in api.operations():
        (tag, *_) = operation.description.get("tags", [""])
        if tag in first or operation.description.get("x-around"):
            continue
        command = api.command(operation)
        if command is not None:
            summary = operation.description.get("summary", operation.id)
            first[tag] = {
                "operation": operation.id,
                "summary": summary,
                "command": _expanding(command, token),
            }
    return list(first.values())


def _expanding(command: str, token: str | None) -> str:
    """The command with a token that is a variable in quotes that let the shell see it."""
    header = f"Authorization: Token {token}"
    return command.replace(f"'{header}'", f'"{header}"') if token and token.startswith("$") else command


class _Api:
    """One description, and how its operations are called at one base URL."""

    def __init__(
        self, document: Mapping[str, Any], base_url: str, samples: Samples, token: str | None
    ) -> None:
        self._document = document
        self._base_url = base_url
        self._samples = samples
        self._token = token

    def operations(self) -> Iterator[_Operation]:
        by_default = self._document.get("security", [])
        for path, item in self._document["paths"].items():
            for method in METHODS:
                if method in item:
                    one = item[method]
                    secured = bool(one.get("security", by_default))
                    yield _Operation(one["operationId"], method, path, one, secured)

    def has_others_in_it(self, operation: _Operation) -> bool:
        """Whether a path names one thing, below which there are others."""
        base = operation.path.rstrip("/") + "/"
        return base.endswith("}/") and any(
            path != operation.path and path.startswith(base) for path in self._document["paths"]
        )

    def command(self, operation: _Operation) -> str | None:
        """The shell command that calls the operation; None if an id is missing."""
        url = self._url(operation)
        if url is None:
            return None
        words = ["curl", "-s"]
        if operation.method != "get":
            words += ["-X", operation.method.upper()]
        if operation.secured and self._token is not None:
            words += ["-H", f"Authorization: Token {self._token}"]
        versions = operation.description.get("x-versions", [])
        if versions and operation.description.get("x-default-version") not in versions:
            words += ["-H", f"Accept: {JSON}; version={versions[-1]}"]
        if "302" in operation.description["responses"]:
            # a download: follow to the storage, and keep the bytes off the terminal
            words += ["-L", "-o", (self._samples.filename or "download").replace("/", "_")]
        source = self._body_source(operation)
        if source is not None:
            words += ["-H", f"Content-Type: {JSON}", "--data-binary", "@-"]
        elif "requestBody" in operation.description:
            body = self._body(operation)
            if body is None:
                return None
            words += ["-H", f"Content-Type: {JSON}", "-d", json.dumps(body, ensure_ascii=False)]
        command = shlex.join([*words, url])
        return command if source is None else f"{source} | {command}"

    def _url(self, operation: _Operation) -> str | None:
        path = operation.path
        for piece in operation.path.split("{")[1:]:
            name = piece.partition("}")[0]
            value = self._samples.path_parameter(name, operation.path)
            if value is None:
                return None
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        return self._base_url + path

    def _body_source(self, operation: _Operation) -> str | None:
        """The command whose output is this operation's body, as a link of the description says."""
        for other in self.operations():
            for response in other.description["responses"].values():
                for link in response.get("links", {}).values():
                    if (link.get("operationId"), link.get("requestBody")) == (operation.id, "$response.body"):
                        return self.command(other) if other.id != operation.id else None
        return None

    def _body(self, operation: _Operation) -> Any:
        """The description's first example, with what exists; None if there is nothing to put there."""
        media = self._resolve(operation.description["requestBody"])["content"].get(JSON, {})
        if "example" in media:
            body = media["example"]
        elif media.get("examples"):
            body = self._resolve(next(iter(media["examples"].values())))["value"]
        else:
            return None
        return self._samples.body(body)

    def _resolve(self, node: Any) -> Any:
        while "$ref" in node:
            target: Any = self._document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node
