"""The conventions of PixieBrix: who may, which version and media type, what the body says, and pages."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

from .web import Answer, Refused, Request, multipart, pairs_of, parameters
from .world import ORGANIZATION, Database, Vault

JSON, VND = "application/json", "application/vnd.pixiebrix.api+json"
FLAT, CSV = "application/vnd.pixiebrix.api.flat+json", "text/csv"
ALL, NEW = ("1.0", "1.1", "2.0"), ("2.0",)
UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
LISTS = ("databases",)  # fields of a form that may be repeated


def detail(status: int, text: str, *headers: tuple[str, str]) -> Refused:
    """An error that belongs to no field."""
    return Refused(Answer(status, json.dumps({"detail": text}).encode(), JSON, headers))


def invalid(errors: Any) -> Refused:
    """An error that belongs to fields."""
    return Refused(Answer(400, json.dumps(errors).encode(), JSON))


@dataclass(frozen=True)
class Reply:
    """What an operation answers, before it is written in the media type that was asked for."""

    status: int
    data: Any = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Call:
    """A request that came through: to whom, by whom, in which version."""

    request: Request
    vault: Vault
    version: str
    media: str
    base: str
    ids: dict[str, str] = field(default_factory=dict)

    def body(self) -> Any:
        """The body, read as its Content-Type says."""
        return read_body(self.request)

    def fields(self) -> dict[str, Any]:
        """The body, which has to be an object."""
        body = self.body()
        if not isinstance(body, dict):
            raise invalid({"non_field_errors": ["Expected an object."]})
        return body

    def known(self, *names: str) -> dict[str, Any]:
        """The same, if it has no field but these."""
        body = self.fields()
        if strange := sorted(set(body) - set(names)):
            raise invalid({name: ["Unknown field."] for name in strange})
        return body

    def database(self, *, organization: bool = False) -> Database:
        """The database of the path, which this token may see."""
        if organization and self.ids["organization"].lower() != ORGANIZATION:
            raise detail(404, "Not found.")
        found = self.vault.databases.get(self.ids["database"].lower())
        if found is None or found.organization != ORGANIZATION:
            raise detail(404, "Not found.")
        return found

    def page(self, items: list[Any], *, cap: int = 1000, total: bool = True) -> Reply:
        """All items before version 2.0, one page of them since."""
        if self.version != "2.0":
            return Reply(200, items)
        number = self._whole("page", 1, 404, "Invalid page.")
        size = min(self._whole("page_size", 100, 400, "Invalid page size."), cap)
        start = (number - 1) * size
        if start and start >= len(items):
            raise detail(404, "Invalid page.")
        links = []
        if number > 1:
            links.append(f'<{self._at(number - 1)}>; rel="prev"')
        if start + size < len(items):
            links.append(f'<{self._at(number + 1)}>; rel="next"')
        headers = [("Link", ", ".join(links))] if links else []
        if total:
            headers.append(("X-Total-Count", str(len(items))))
        return Reply(200, items[start : start + size], tuple(headers))

    def _whole(self, name: str, default: int, status: int, text: str) -> int:
        value = self.request.one(name)
        if value is None:
            return default
        if not re.fullmatch(r"0*[1-9][0-9]*", value):
            raise detail(status, text)
        return (
            int(value) if len(value) < 99 else 10**99
        )  # a larger page is none, a larger size gets the maximum

    def _at(self, page: int) -> str:
        kept = [pair for pair in self.request.pairs if pair[0] != "page"]
        query = urlencode([*kept, ("page", str(page))])
        return f"{self.base.removesuffix('/api')}{self.request.path}?{query}"


@dataclass(frozen=True)
class Operation:
    """One method on one path, `{}` of which stand for the ids."""

    method: str
    path: str
    run: Callable[[Call], Reply]
    name: str = ""
    versions: tuple[str, ...] = ALL
    media: tuple[str, ...] = (JSON,)
    status: int = 200

    def match(self, path: str) -> dict[str, str] | None:
        """The ids in a path, if it is this operation's; a slash at the end makes no difference."""
        asked, mine = path.removesuffix("/").split("/"), self.path.removesuffix("/").split("/")
        if len(asked) != len(mine):
            return None
        ids = {}
        for got, want in zip(asked, mine, strict=True):
            if want.startswith("{") and got:
                ids[want.strip("{}")] = unquote(got)
            elif got != want:
                return None
        return ids


def negotiate(accept: str, operation: Operation) -> tuple[str, str]:
    """The version and the media type of the answer: the first range of the highest weight that fits."""
    ranges = []
    for position, item in enumerate(re.split(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", accept)):
        kind, options = parameters(item.strip())
        weight = re.fullmatch(r"[01](\.[0-9]{0,3})?", options.get("q", "1"))
        if kind and weight and float(weight[0]) > 0:
            ranges.append((-float(weight[0]), position, kind, options.get("version", "1.0")))
    wrong_version = False
    for _, _, kind, version in sorted(ranges):
        group = kind.partition("/")[0]
        media = next(
            (
                one
                for one in operation.media
                if kind in {"*/*", one, f"{group}/*"} and (kind == "*/*" or one.startswith(f"{group}/"))
            ),
            None,
        )
        if media and version in operation.versions:
            return version, media
        wrong_version = wrong_version or media is not None
    raise detail(
        406,
        'Invalid version in "Accept" header.'
        if wrong_version
        else "Could not satisfy the request Accept header.",
    )


def permitted(request: Request, tokens: dict[str, bool]) -> None:
    """Refuse who has no token, a wrong one, or one that may only read."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    known = tokens.get(token) if scheme.lower() == "token" else None
    if known is None:
        missing = "Authorization" not in request.headers
        text = "Authentication credentials were not provided." if missing else "Invalid token."
        raise detail(401, text, ("WWW-Authenticate", "Token"))
    if not known and request.verb != "GET":
        raise detail(403, "You do not have permission to perform this action.")


def read_body(request: Request) -> Any:
    """JSON, a form or a multipart form as the same object."""
    kind, options = parameters(request.headers.get("Content-Type", ""))
    if not request.body and kind in {"", "text/plain", JSON}:
        return {}
    if kind == JSON:
        return _json(request.body)
    if kind == "application/x-www-form-urlencoded":
        return _form(pairs_of(request.body.decode("utf-8", "replace")))
    if kind == "multipart/form-data":
        parts = multipart(request.body, options.get("boundary", ""))
        return _form([(name, content.decode("utf-8", "replace")) for name, _, content in parts])
    raise detail(415, f'Unsupported media type "{kind}" in request.')


def _json(body: bytes) -> Any:
    def constant(name: str) -> Any:
        raise ValueError(name)

    try:
        read = json.loads(body.decode("utf-8"), parse_constant=constant)
        json.dumps(read, ensure_ascii=False).encode("utf-8")  # no halves of surrogate pairs
    except (ValueError, RecursionError):
        raise detail(400, "JSON parse error.") from None
    return read


def _form(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in LISTS:
            found.setdefault(name, []).append(value)
        elif name.startswith("filters."):
            found.setdefault("filters", {})[name.removeprefix("filters.")] = value or None
        elif name in {"data", "schema"}:
            found[name] = _json(value.encode())
        elif name in {"is_uploaded", "enforce_schema"} and value in {"true", "false"}:
            found[name] = value == "true"
        else:
            found[name] = value
    return found


def text_field(body: dict[str, Any], name: str, limit: int, *, required: bool = True) -> str | None:
    """A string of 1 to `limit` characters, without what surrounds it."""
    if name not in body:
        if required:
            raise invalid({name: ["This field is required."]})
        return None
    value = body[name]
    if not isinstance(value, str):
        raise invalid({name: ["This field may not be null." if value is None else "Not a valid string."]})
    if not value and required:
        raise invalid({name: ["This field may not be blank."]})
    if len(value) > limit:
        raise invalid({name: [f"Ensure this field has no more than {limit} characters."]})
    return value


def write(reply: Reply, call: Call) -> Answer:
    """The answer in its media type, which carries the version."""
    if reply.data is None:
        return Answer(reply.status, headers=reply.headers)
    if call.media == CSV:
        body = _table(reply.data if isinstance(reply.data, list) else [reply.data])
    else:
        data = _flat(reply.data) if call.media == FLAT else reply.data
        body = json.dumps(data, ensure_ascii=False).encode()
    return Answer(reply.status, body, f"{call.media}; version={call.version}", reply.headers)


def _flat(data: Any) -> Any:
    if isinstance(data, list):
        return [_flat(item) for item in data]
    return {**data["data"], "id": data["id"], "created_at": data["created_at"]}


def cell(value: Any) -> str:
    """One value of a table: text as it is, nothing for null, JSON for the rest."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def table(columns: list[str], rows: list[list[Any]]) -> bytes:
    """A CSV table as RFC 4180 has it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([[cell(value) for value in row] for row in rows])
    return out.getvalue().encode()


def _table(records: list[dict[str, Any]]) -> bytes:
    names = sorted({name for record in records for name in record["data"]})
    rows = [[r["id"], r["created_at"], *(r["data"].get(name) for name in names)] for r in records]
    return table(["id", "created_at", *(f"data.{name}" for name in names)], rows)
