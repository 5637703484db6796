"""A curl command for every operation of the two APIs, from the descriptions and the ids that exist."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .. import openapi

if TYPE_CHECKING:
    from dbcontract.mockserver.sandbox.sandbox import Sandbox

METHODS = ("get", "post", "put", "patch", "delete")
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class SampleIds:
    """Ids of things that exist, to try operations on; None where a data set has nothing of the kind.

    Attributes:
        database: one of the organization's databases that holds the record.
        asset_database: the database of the asset, which may be another one.
        asset: an asset that can be downloaded, where there is one.
    """

    organization: str | None = None
    database: str | None = None
    record: str | None = None
    asset_database: str | None = None
    asset: str | None = None
    filename: str | None = None
    job: str | None = None

    @classmethod
    def of(cls, sandbox: Sandbox) -> SampleIds:
        """Choose from a sandbox what lets most operations answer with something to see."""
        from dbcontract.mockserver.apis.pixiebrix.state_of import state_of

        state = state_of(sandbox)
        databases = list(state.databases.values())
        filled = next((one for one in databases if len(one.records)), databases[0] if databases else None)
        assets = [asset for one in databases for asset in one.assets.values()]
        asset = next((one for one in assets if one.is_uploaded), assets[0] if assets else None)
        records = filled.records.rows() if filled else ()
        return cls(
            organization=filled.organization_id if filled else next(iter(state.organizations), None),
            database=filled.id if filled else None,
            record=records[0][2] if records else None,
            asset_database=asset.database_id if asset else filled.id if filled else None,
            asset=asset.id if asset else None,
            filename=asset.filename if asset else None,
            job=next(iter(state.jobs), None),
        )

    def path_parameter(self, name: str, path: str) -> str | None:
        """The value for a parameter of a path of the description; None if there is nothing to put there."""
        values = {
            "organizationId": self.organization,
            # Not the organization's path, so that one deletion does not take away what the next one deletes.
            "databaseId": self.asset_database
            if "/assets/" in path or path == "/databases/{databaseId}/"
            else self.database,
            "recordKey": self.record,
            "assetId": self.asset,
            "jobId": self.job,
        }
        return values.get(name)


@dataclass(frozen=True, slots=True)
class _Operation:
    id: str
    method: str
    path: str
    description: Mapping[str, Any]
    secured: bool


def curl_lines(base_urls: Mapping[str, str], ids: SampleIds, token: str | None) -> list[tuple[str, str]]:
    """One (operation id, shell command) for each operation of the APIs in `base_urls`.

    Operations that need an id of something that does not exist are left out. What deletes comes last, the
    smallest deletion first, so that the commands work when they are pasted one after the other.

    Args:
        base_urls: base URL without a trailing slash, by the name of the API's description.
        ids: what to ask for.
        token: sent to the operations that ask for one; None sends none.
    """
    lines: list[tuple[str, str]] = []
    deletions: list[tuple[tuple[bool, int], tuple[str, str]]] = []
    for api, base_url in base_urls.items():
        api_lines = _Api(openapi.load(api), base_url, ids, token)
        for operation in api_lines.operations():
            command = api_lines.command(operation)
            if command is None:
                continue
            if operation.method == "delete":
                size = (operation.path.endswith("/{databaseId}/"), -operation.path.count("{"))
                deletions.append((size, (operation.id, command)))
            else:
                lines.append((operation.id, command))
    return lines + [line for _, line in sorted(deletions)]


class _Api:
    """One description, and how its operations are called at one base URL."""

    def __init__(self, document: Mapping[str, Any], base_url: str, ids: SampleIds, token: str | None) -> None:
        self._document = document
        self._base_url = base_url
        self._ids = ids
        self._token = token

    def operations(self) -> Iterator[_Operation]:
        by_default = self._document.get("security", [])
        for path, item in self._document["paths"].items():
            for method in METHODS:
                if method in item:
                    one = item[method]
                    secured = bool(one.get("security", by_default))
                    yield _Operation(one["operationId"], method, path, one, secured)

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
            words += ["-L", "-o", (self._ids.filename or "download").replace("/", "_")]
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
            value = self._ids.path_parameter(name, operation.path)
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
        """The description's first example, with a database that exists; None if there is none."""
        media = operation.description["requestBody"]["content"][JSON]
        if "example" in media:
            body = media["example"]
        else:
            body = self._resolve(next(iter(media["examples"].values())))["value"]
        if isinstance(body, dict) and "databases" in body:
            return {**body, "databases": [self._ids.database]} if self._ids.database else None
        return body

    def _resolve(self, node: Any) -> Any:
        while "$ref" in node:
            target: Any = self._document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node
