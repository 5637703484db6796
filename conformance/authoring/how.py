"""How a rule is checked, in words."""

from __future__ import annotations

from collections.abc import Iterable

from ..catalogue.findings import HOW, schema_rules
from .check import WrittenCheck

__all__ = ["how"]


def how(rule_id: str, checks: Iterable[WrittenCheck]) -> str:
    """How a rule is checked, as sentences one after the other; empty where nothing checks it.

    These are the first paragraphs of the docstrings of its `checks`, in their order, and behind them what is
    looked for in all answers of a run, where the rule is about that.
    """
    seen = (HOW[kind] for kind in schema_rules().get(rule_id, ()))
    return " ".join([*(check.how for check in checks), *seen])
