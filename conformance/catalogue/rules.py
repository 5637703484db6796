"""The catalogue of requirements: every rule that an implementation is judged by, with its source and needs.

The rules are data: `requirements.yaml` in the package of each API (see `apis.base`), described by
`catalogue.schema.json` here. Loading checks what the kit relies on; the tests check the files against the
whole schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import Any, Final

import yaml

from ..apis.base import apis, names
from .vocabulary import Capability, Level

__all__ = [
    "Capability",
    "Catalogue",
    "CatalogueError",
    "Document",
    "Level",
    "Rule",
    "Source",
    "UnknownCatalogue",
    "UnknownRule",
    "load",
    "load_all",
    "parse",
]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ID = re.compile(r"(?P<prefix>[A-Z]+)-(?P<area>[A-Z]+)-[0-9]{2}")
_FIELDS: Final = frozenset(
    {"id", "level", "title", "statement", "source", "operations", "needs", "depends_on"}
)
_OPTIONAL: Final = frozenset({"untestable", "watched"})
_PARTS: Final = frozenset({"catalogue", "version", "documents", "areas", "rules"})
_HINTS = 3


class CatalogueError(ValueError):
    """A catalogue that cannot be used; the message names the file's API, the rule and what is wrong."""


class UnknownCatalogue(LookupError):
    """No API of this name has a catalogue."""

    def __init__(self, api: str) -> None:
        super().__init__(f"there is no catalogue for {api!r}; there are: {', '.join(names())}")
        self.api = api


class UnknownRule(LookupError):
    """No rule has this id, or none matches this pattern.

    Attributes:
        name: the id or the pattern that was looked for.
        matches: ids that look like it, the nearest first; none if there are no such.
    """

    def __init__(self, name: str, matches: Sequence[str] = ()) -> None:
        hint = f"; did you mean {' or '.join(matches)}?" if matches else ""
        super().__init__(f"there is no rule {name!r}{hint}")
        self.name = name
        self.matches = tuple(matches)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule comes from. The document `decision` stands for rules that no vendor text has."""

    document: str
    heading: str

    def __str__(self) -> str:
        return f"{self.document}, {self.heading}"


DECISION: Final = "decision"
"""Stands for the document of a rule that no vendor text has."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text of a vendor that rules cite.

    Attributes:
        level: of the rules that cite it.
        headings: in their order, where that matters.
    """

    name: str
    level: Level
    headings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One requirement, true or false of an implementation.

    Attributes:
        api: the catalogue that it is from, the name of the API.
        operations: the operationIds that it speaks of, or that its check needs.
        needs: the capabilities without which it cannot be checked.
        depends_on: ids of the rules whose failure makes this one fail, or takes away what its check needs;
            the nearest ones only (`Catalogue.foundations` has all).
        untestable: why no check can tell; None where one can. How it does, its checks say
            (`conformance.authoring.how`).
        watched: whether a violation can be seen in the calls of others, without a call of one's own.
        area_title: what the middle of the id stands for, such as `Importing a database`.
    """

    id: str
    api: str
    level: Level
    title: str
    statement: str
    source: Source
    operations: tuple[str, ...]
    needs: tuple[Capability, ...]
    depends_on: tuple[str, ...]
    untestable: str | None = None
    watched: bool = False
    area_title: str = ""

    @property
    def area(self) -> str:
        """The middle of the id, such as `ASSET`."""
        return self.id.split("-")[1]

    @property
    def area_name(self) -> str:
        """What a reader calls the area; its letters, where an older report has no title of it."""
        return self.area_title or self.area

    @property
    def testable(self) -> bool:
        """Whether a check can tell."""
        return self.untestable is None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The rules of one API or of several, in the order of their files.

    Attributes:
        versions: (api, version of its catalogue), one pair for each API.
        rules: all rules; `filter` and `select` choose among them.
        documents: the texts that they cite.
    """

    versions: tuple[tuple[str, str], ...]
    rules: tuple[Rule, ...]
    documents: tuple[Document, ...] = ()
    _by_id: Mapping[str, Rule] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_id: dict[str, Rule] = {}
        for rule in self.rules:
            if rule.id in by_id:
                raise CatalogueError(f"{rule.api}: two rules have the id {rule.id}")
            by_id[rule.id] = rule
        object.__setattr__(self, "_by_id", MappingProxyType(by_id))
        for rule in self.rules:
            for name in rule.depends_on:
                if name not in by_id:
                    raise CatalogueError(f"{rule.api}: {rule.id} depends on {name}, which does not exist")
        try:
            self.ordered()
        except CycleError as error:
            raise CatalogueError(f"these rules depend on each other: {' -> '.join(error.args[1])}") from None

    def __len__(self) -> int:
        return len(self.rules)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._by_id

    def __getitem__(self, id_: str) -> Rule:
        """The rule with that id; raises `UnknownRule`."""
        try:
            return self._by_id[id_]
        except KeyError:
            raise UnknownRule(id_, self._near(id_)) from None

    @property
    def version(self) -> str:
        """The versions of all catalogues in it, as reports name them, such as `parcels 1.0.0`."""
        return ", ".join(f"{api} {version}" for api, version in self.versions)

    def filter(
        self, *, level: Level | str | None = None, api: str | None = None, testable: bool | None = None
    ) -> tuple[Rule, ...]:
        """The rules of that level, of that API, and with or without a check; None does not filter.

        Raises:
            ValueError: there is no such level.
            UnknownCatalogue: there is no such API.
        """
        wanted = None if level is None else Level(level)
        if api is not None and api not in names():
            raise UnknownCatalogue(api)
        return tuple(
            rule
            for rule in self.rules
            if wanted in {None, rule.level} and api in {None, rule.api} and testable in {None, rule.testable}
        )

    def select(self, patterns: Iterable[str]) -> tuple[Rule, ...]:
        """The rules whose ids match any of the patterns (`PB-ASSET-*`, case does not matter), in order.

        Raises:
            UnknownRule: a pattern that matches nothing, so that a slip does not look like a passed run.
        """
        chosen: set[str] = set()
        for pattern in patterns:
            found = {id_ for id_ in self._by_id if fnmatchcase(id_, pattern.upper())}
            if not found:
                raise UnknownRule(pattern, self._near(pattern))
            chosen |= found
        return tuple(rule for rule in self.rules if rule.id in chosen)

    def ordered(self) -> tuple[Rule, ...]:
        """All rules, each behind those that it depends on."""
        sorter = TopologicalSorter({rule.id: rule.depends_on for rule in self.rules})
        return tuple(self._by_id[id_] for id_ in sorter.static_order())

    def foundations(self, id_: str) -> frozenset[str]:
        """The ids of all rules that this one depends on, near and far. Raises `UnknownRule`."""
        seen: set[str] = set()
        waiting = list(self[id_].depends_on)
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting.extend(self._by_id[name].depends_on)
        return frozenset(seen)

    def _near(self, name: str) -> list[str]:
        return get_close_matches(name.upper(), self._by_id, n=_HINTS)


def load(api: str) -> Catalogue:
    """The catalogue of one API, read anew.

    Raises:
        UnknownCatalogue: there is no such API.
        CatalogueError: the file is damaged.
    """
    judged = apis().get(api)
    if judged is None:
        raise UnknownCatalogue(api)
    return parse(judged.requirements(), api)


def load_all() -> Catalogue:
    """The catalogues of all APIs as one; raises `CatalogueError` when a file is damaged."""
    parts = [load(api) for api in apis()]
    return Catalogue(
        versions=tuple(pair for part in parts for pair in part.versions),
        rules=tuple(rule for part in parts for rule in part.rules),
        documents=tuple(document for part in parts for document in part.documents),
    )


def parse(text: bytes | str, api: str) -> Catalogue:
    """A catalogue from the text of its YAML file.

    Raises:
        CatalogueError: it is not a catalogue of that API, or a rule in it is wrong.
    """
    try:
        document: Any = yaml.load(text, Loader=_Loader)  # noqa: S506 (a safe loader)
    except yaml.YAMLError as error:
        raise CatalogueError(f"{api}: no YAML: {error}") from error
    if not isinstance(document, dict) or set(document) != _PARTS:
        raise CatalogueError(f"{api}: a catalogue has the fields {', '.join(sorted(_PARTS))}")
    if document["catalogue"] != api:
        raise CatalogueError(f"{api}: this is the catalogue of {document['catalogue']!r}")
    entries = document["rules"]
    if not isinstance(entries, list):
        raise CatalogueError(f"{api}: rules is not a list")
    areas = document["areas"]
    if not isinstance(areas, dict) or not all(isinstance(title, str) for title in areas.values()):
        raise CatalogueError(f"{api}: areas is not a mapping of areas to their titles")
    documents = _documents(api, document["documents"])
    rules = tuple(_rule(api, entry, areas) for entry in entries)
    for rule in rules:
        _require_source(rule, documents)
    versions = ((api, str(document["version"])),)
    return Catalogue(versions=versions, rules=rules, documents=tuple(documents.values()))


def _documents(api: str, entries: Any) -> dict[str, Document]:
    try:
        return {
            name: Document(name, Level(entry["level"]), tuple(entry.get("headings", ())))
            for name, entry in entries.items()
        }
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        message = (
            f"{api}: documents is not a mapping of the vendor's texts to their level and headings: {error}"
        )
        raise CatalogueError(message) from error


def _require_source(rule: Rule, documents: Mapping[str, Document]) -> None:
    """Go on if a rule cites a text of its own level; an inferred one cites none.

    Raises:
        CatalogueError: it does not.
    """
    name = rule.source.document
    known = documents.get(name)
    level = Level.INFERRED if name == DECISION else None if known is None else known.level
    if level is None:
        there = ", ".join((*documents, DECISION))
        raise CatalogueError(
            f"{rule.api}: {rule.id}: {name!r} is not one of its documents; there are: {there}"
        )
    if level is not rule.level:
        raise CatalogueError(f"{rule.api}: {rule.id}: what {name!r} says is {level}, and not {rule.level}")


def _rule(api: str, entry: Any, areas: Mapping[str, str]) -> Rule:
    if not isinstance(entry, dict):
        raise CatalogueError(f"{api}: {entry!r} is not a rule")
    id_ = str(entry.get("id"))
    found = _ID.fullmatch(id_)
    prefix = apis()[api].prefix
    if found is None or found["prefix"] != prefix:
        raise CatalogueError(f"{api}: {id_!r} is not an id of a rule; write {prefix}-AREA-01")
    if found["area"] not in areas:
        raise CatalogueError(
            f"{api}: {id_}: the area {found['area']} has no title; give it one under `areas`"
        )
    missing = _FIELDS - entry.keys()
    unknown = entry.keys() - _FIELDS - _OPTIONAL
    if "how" in unknown:
        raise CatalogueError(
            f"{api}: {id_}: `how` a rule is checked belongs in the first paragraph of the docstring of its "
            "check; take it out of the catalogue"
        )
    if missing or unknown:
        raise CatalogueError(f"{api}: {id_}: missing {sorted(missing)}, unknown {sorted(unknown)}")
    try:
        return Rule(
            id=id_,
            api=api,
            level=Level(entry["level"]),
            title=entry["title"],
            statement=entry["statement"],
            source=Source(**entry["source"]),
            operations=tuple(entry["operations"]),
            needs=tuple(Capability(name) for name in entry["needs"]),
            depends_on=tuple(entry["depends_on"]),
            untestable=entry.get("untestable"),
            watched=entry.get("watched", False),
            area_title=areas[found["area"]],
        )
    except (TypeError, ValueError) as error:
        raise CatalogueError(f"{api}: {id_}: {error}") from error
