"""How much work a JSON Schema is: a short one can take years, by references that double at each step.

Counted is what can be asked of one value: of itself by `allOf`, `anyOf`, `$ref` and their like, and of what
lies in it, level by level. It is an upper bound, found from the schema alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote, urldefrag, urljoin

SELF: Final = "it refers to itself without going into the value"
LARGE: Final = "it is too large"
ASTRAY: Final = "it refers to a part of itself in a way that is not followed here"

_HERE_ALL: Final = ("allOf", "anyOf", "oneOf")
_HERE_ONE: Final = ("not", "if", "then", "else")
_HERE_NAMED: Final = ("dependentSchemas", "dependencies")
_REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
_INSIDE: Final = (
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "items",
    "additionalItems",
    "unevaluatedItems",
    "contains",
)
_SCHEMAS_OF_SCHEMAS: Final = ("http://json-schema.org/", "https://json-schema.org/")
_LOOKING_BACK: Final = ("(?=", "(?!", "(?<", "\\1", "\\2", "\\k")
_BACKTRACKING: Final = 1_000
"""What a pattern counts that no automaton decides."""
_META: Final = 1_000
"""What a schema of schemas counts, which is not looked into."""
_MOST: Final = 5_000
"""How many schemas one may hold."""
_ENOUGH: Final = 10**12
"""What no record may ask; more is not counted."""
_DEEP: Final = 100
"""How many schemas may be asked of a value because of each other."""


class TooMuch(Exception):
    """The schema is more work than any value is worth; the message says why."""


class SchemaWork:
    """The work of one schema.

    Raises `TooMuch` for one that has too many parts, refers to itself without going into the value, or asks
    more than `most` of a value or one right inside it.
    """

    def __init__(self, schema: Mapping[str, Any], most: int) -> None:
        self._root = schema
        self._is_old = "draft-04" in str(schema.get("$schema"))  # which names its parts by `id`
        self._meta = {"enum": [None] * _META}
        self._bases: dict[int, str] = {}
        self._named: dict[str, Any] = {}
        self._parts: list[Mapping[str, Any]] = []
        self._index(schema, "")
        self._above: dict[int, int] = {}  # of the last level that was counted, by schema
        self._upto: list[int] = []
        self._goes_on = True
        if self.at(1) > most:
            raise TooMuch(LARGE)

    def at(self, depth: int) -> int:
        """How often a value can be asked something that lies this many levels inside, or less."""
        while self._goes_on and len(self._upto) <= depth:
            level: dict[int, int] = {}
            for part in self._parts:
                self._count(part, level, 0)
            most = max([level[id(self._root)], *self._upto[-1:]])
            self._goes_on = level != self._above and most < _ENOUGH
            self._above = level
            self._upto.append(most)
        return self._upto[min(depth, len(self._upto) - 1)]

    def _count(self, part: Any, level: dict[int, int], depth: int) -> int:
        """How often at this level, by one schema."""
        if not isinstance(part, dict):
            return 0 if self._upto else 1
        key = id(part)
        known = level.get(key)
        if known == -1:
            raise TooMuch(SELF)
        if known is not None:
            return known
        if depth > _DEEP:
            raise TooMuch(LARGE)
        level[key] = -1
        here = sum(self._count(one, level, depth + 1) for one in self._here(part))
        if any(name.startswith("unevaluated") for name in part):
            here *= 2  # to find what is left, the others are asked once more
        level[key] = here + (_inside(part, self._above) if self._upto else _own(part))
        return level[key]

    def _here(self, part: Mapping[str, Any]) -> Iterator[Any]:
        """The schemas that are asked of the same value."""
        for name in _HERE_ALL:
            if isinstance(part.get(name), list):
                yield from part[name]
        for name in _HERE_NAMED:
            if isinstance(part.get(name), dict):
                yield from part[name].values()
        yield from (part[name] for name in _HERE_ONE if name in part)
        yield from (self._meant(part, part[name]) for name in _REFERENCES if isinstance(part.get(name), str))

    def _meant(self, part: Mapping[str, Any], reference: str) -> Any:
        """The schema that a reference leads to."""
        address, fragment = urldefrag(reference)
        base = urljoin(self._bases[id(part)], address) if address else self._bases[id(part)]
        if base.startswith(_SCHEMAS_OF_SCHEMAS):
            return self._meta
        by_name = fragment and not fragment.startswith("/")
        found: Any = self._named.get(f"{base}#{fragment}" if by_name else base)
        if by_name:
            fragment = ""
        for step in fragment.split("/")[1:]:
            name = unquote(step).replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and name.isdecimal() and int(name) < len(found):
                found = found[int(name)]
            else:
                found = found.get(name) if isinstance(found, dict) else None
        if not isinstance(found, dict | bool):
            raise TooMuch(ASTRAY)
        return found

    def _index(self, part: Any, base: str) -> None:
        if isinstance(part, list):
            for one in part:
                self._index(one, base)
        if not isinstance(part, dict):
            return
        if len(self._parts) == _MOST:
            raise TooMuch(LARGE)
        own = part.get("$id", part.get("id") if self._is_old else None)
        if isinstance(own, str):
            address, fragment = urldefrag(own)
            base = urljoin(base, address) if address else base
            self._named[f"{base}#{fragment}" if fragment else base] = part
        if not self._parts:
            self._named[base] = part
        self._parts.append(part)
        self._bases[id(part)] = base
        for name in ("$anchor", "$dynamicAnchor"):
            if isinstance(part.get(name), str):
                self._named[f"{base}#{part[name]}"] = part
        for one in part.values():
            self._index(one, base)


def _own(part: Mapping[str, Any]) -> int:
    """What the keywords of a schema ask of a value themselves."""
    count = 1 + sum(len(part[name]) for name in ("enum", "required") if isinstance(part.get(name), list))
    patterns = [part["pattern"]] if isinstance(part.get("pattern"), str) else []
    patterns += part["patternProperties"] if isinstance(part.get("patternProperties"), dict) else []
    return count + sum(_BACKTRACKING if any(sign in one for sign in _LOOKING_BACK) else 1 for one in patterns)


def _inside(part: Mapping[str, Any], before: Mapping[int, int]) -> int:
    """How often by what a schema asks of the values in a value: of each name its own, the rest of all."""

    def count(one: Any) -> int:
        return before.get(id(one), 1 if isinstance(one, bool) else 0)

    every: list[Any] = []
    for name in _INSIDE:
        one = part.get(name)
        every += one if isinstance(one, list) else [one]
    every += part["prefixItems"] if isinstance(part.get("prefixItems"), list) else []
    every += part["patternProperties"].values() if isinstance(part.get("patternProperties"), dict) else []
    named = part["properties"].values() if isinstance(part.get("properties"), dict) else ()
    return sum(map(count, every)) + max(map(count, named), default=0)
