"""What all pages are made with: reports, comparisons and proofs."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from .shown import visible
from .text import follow_from_it, verdict_name, what_happened


def text_of(name: str) -> str:
    """A file of ours that becomes part of a page."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8").strip()


def environment_of_pages() -> Environment:
    """What every page is filled in with: everything is escaped, and nothing is obeyed."""
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_without_obeyed,
    )
    environment.filters["slug"] = lambda text: str(text).replace(" ", "-")
    environment.filters["verdict_name"] = verdict_name
    environment.filters["what_happened"] = what_happened
    environment.filters["follow_from_it"] = follow_from_it
    return environment


def _without_obeyed(value: object) -> object:
    """The last step before anything stands in the page: no control characters, no marks of direction."""
    is_markup = hasattr(value, "__html__")
    return visible(value) if isinstance(value, str) and not is_markup else value
