"""The OpenAPI descriptions of the documented Database APIs, as package data."""

from __future__ import annotations

from copy import deepcopy
from functools import lru_cache
from importlib.resources import files
from typing import Any

__all__ = ["UnknownDescription", "load", "names"]

_SUFFIX = ".yaml"
_SCHEMAS = "#/components/schemas/"


class UnknownDescription(LookupError):
    """No description has this name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no description is named {name!r}; there are: {', '.join(known)}")
        self.name = name
        self.known = known


def names(package: str = __name__) -> tuple[str, ...]:
    """The names that `load` takes, sorted: those of the descriptions in a package."""
    found = (entry.name for entry in files(package).iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX)))


def load(name: str, *, written_out: bool = False, package: str = __name__) -> dict[str, Any]:
    """The description of that name, parsed anew: the caller may change it.

    Args:
        name: one of `names`.
        written_out: say in schemas what the description says with extensions, as generators of clients make
            no good code of the schemas. For `x-also` there is a `oneOf`: an item of an array may stand alone
            (`one`), or several in an array (`several`). For `x-closed` and `x-null-as-absent` the body has
            schemas of its own: `NameInput` for each object `Name` in it, which takes no further fields, and
            `OptionalName…` for what may be null.
        package: where it lies; a package of somebody else's may bring descriptions, too.

    Raises `UnknownDescription` for a name that `names` does not list.
    """
    known = names(package)
    if name not in known:
        raise UnknownDescription(name, known)
    text = files(package).joinpath(name + _SUFFIX).read_bytes()
    document: dict[str, Any] = _unshared(_parsed(text))
    if written_out:
        _write_out(document)
        _write_out_bodies(document, document.get("components", {}).get("schemas", {}))
    return document


@lru_cache(maxsize=8)
def _parsed(text: bytes) -> Any:
    """What a description says. A server asks for each a dozen times, and parsing takes five times a copy."""
    import yaml  # noqa: PLC0415 (slow to load, and who only names an API needs none of it)

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(text, Loader=loader)  # noqa: S506 (a safe loader)


def _unshared(node: Any) -> Any:
    """A copy in which no part is shared, as those are that the text repeats by an alias."""
    if isinstance(node, dict):
        return {name: _unshared(value) for name, value in node.items()}
    return [_unshared(value) for value in node] if isinstance(node, list) else node


def _write_out(node: Any) -> None:
    """Replace `x-also` in all media types below a part of a description."""
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _write_out(child)
    if isinstance(node, dict) and "x-also" in node:
        schema = node["schema"]
        several = schema if node.pop("x-also") == "one" else {"type": "array", "items": schema}
        node["schema"] = {"oneOf": [deepcopy(several["items"]), several]}


def _write_out_bodies(node: Any, schemas: dict[str, Any]) -> None:
    """Replace `x-closed` and `x-null-as-absent` in all media types below a part of a description."""
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _write_out_bodies(child, schemas)
    if isinstance(node, dict) and node.get("x-closed") is True:
        sent = _Sent(schemas, nullable=node.pop("x-null-as-absent", False))
        del node["x-closed"]
        node["schema"] = sent.schema(node["schema"])


class _Sent:
    """Makes the schemas of a closed body out of those that it shares with answers."""

    def __init__(self, schemas: dict[str, Any], *, nullable: bool) -> None:
        self._schemas = schemas
        self._nullable = nullable

    def schema(self, given: dict[str, Any], *, optional: bool = False) -> dict[str, Any]:
        """The schema of a part of the body; its objects are among the named ones."""
        if "$ref" in given:
            return {"$ref": _SCHEMAS + self._named(given["$ref"].removeprefix(_SCHEMAS), optional=optional)}
        made = deepcopy(given)
        if "items" in made:
            made["items"] = self.schema(made["items"])
        if "properties" in made:
            required = made.get("required", ())
            made["additionalProperties"] = False
            made["properties"] = {
                name: self.schema(one, optional=name not in required)
                for name, one in made["properties"].items()
            }
        return {**made, "nullable": True} if optional and self._nullable else made

    def _named(self, name: str, *, optional: bool) -> str:
        given = self._schemas[name]
        prefix = "Optional" if optional and self._nullable else ""
        made = prefix + name + ("Input" if "properties" in given else "")
        if made not in self._schemas:
            self._schemas[made] = self.schema(given, optional=optional)
        return made
