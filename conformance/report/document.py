"""The result as a JSON document, described by `result.schema.json`; every other tool can read it back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from importlib.resources import files
from typing import Any, Final

from ..catalogue.rules import Level
from ..http.evidence import Evidence
from ..results.results import RuleResult, RunResult, TargetSummary, Verdict, exit_code, tally

FORMAT: Final = "dbcontract-result/1"

# Control characters beyond ASCII, marks of direction and other signs without a look; JSON escapes the rest.
_OBEYED: Final = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


class NoResult(ValueError):
    """A document that is not a result of ours."""


def schema() -> dict[str, Any]:
    """The JSON Schema of the document."""
    text = files(__package__).joinpath("result.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def render(run: RunResult, *, indent: int | None = 2) -> str:
    """The document as text; what a terminal would obey is escaped, as JSON can."""
    text = json.dumps(to_document(run), indent=indent, ensure_ascii=False)
    return _OBEYED.sub(lambda found: json.dumps(found[0])[1:-1], text) + "\n"


def to_document(run: RunResult) -> dict[str, Any]:
    """The document."""
    numbers = tally(run)
    return {
        "format": FORMAT,
        "kit": {"name": "dbcontract", "version": run.kit_version},
        "catalogues": dict(run.catalogues),
        "target": {
            "name": run.target.name,
            "kind": run.target.kind,
            "urls": dict(run.target.urls),
            "capabilities": list(run.target.capabilities),
        },
        "run": {
            "seed": run.seed,
            "started_at": run.started_at,
            "seconds": round(run.seconds, 3),
            "requests": run.requests,
            "selection": run.selection,
            "fuzzed": run.fuzzed,
            "command": run.command,
            "complete": run.complete,
            "stopped": run.stopped,
        },
        "conformant": run.conformant,
        "exit_code": exit_code(run),
        "summary": {
            **{verdict.value: run.count(verdict) for verdict in Verdict},
            "accepted": sum(1 for result in run.results if result.accepted is not None),
            "verified": numbers.verified,
            "failed alone": numbers.alone,
            "follow-ups": numbers.follow_ups,
        },
        "causes": [
            {"rule": root.rule, "follow_ups": [result.rule for result in followers]}
            for root, followers in run.causes
        ],
        "notes": list(run.notes),
        "problems": list(run.problems),
        "results": [to_entry(result) for result in run.results],
    }


def to_entry(result: RuleResult) -> dict[str, Any]:
    """One result as JSON has it."""
    entry = asdict(result)
    entry["level"], entry["verdict"] = str(result.level), str(result.verdict)
    entry["seconds"] = round(result.seconds, 4)
    entry["missing"] = list(result.missing)
    entry["evidence"] = [_evidence_entry(evidence) for evidence in result.evidence]
    return entry


def _evidence_entry(evidence: Evidence) -> dict[str, Any]:
    entry = asdict(evidence)
    entry["seconds"] = round(evidence.seconds, 4)
    for name in ("request_headers", "response_headers"):
        entry[name] = [list(header) for header in entry[name]]
    return entry


def from_document(document: Any) -> RunResult:
    """A result from its document.

    Raises:
        NoResult: it is another document, or a damaged one.
    """
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise NoResult(f"it is not a report of the format {FORMAT}")
    try:
        run, target = document["run"], document["target"]
        return RunResult(
            kit_version=document["kit"]["version"],
            catalogues=document["catalogues"],
            target=TargetSummary(
                target["name"], target["kind"], target["urls"], tuple(target["capabilities"])
            ),
            seed=run["seed"],
            started_at=run["started_at"],
            seconds=run["seconds"],
            results=tuple(from_entry(entry) for entry in document["results"]),
            stopped=run["stopped"],
            selection=run["selection"],
            fuzzed=run["fuzzed"],
            notes=tuple(document["notes"]),
            problems=tuple(document["problems"]),
            command=run["command"],
            requests=run["requests"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise NoResult(f"a damaged document of the format {FORMAT}: {error!r}") from error


def from_entry(entry: Mapping[str, Any]) -> RuleResult:
    """One result from its JSON; raises `KeyError`, `TypeError` or `ValueError` for a damaged one."""
    # Reports of before areas had titles are still read, and compared with newer ones.
    with_titles = {"area_title": "", **entry}
    values = {field.name: with_titles[field.name] for field in fields(RuleResult)}
    values["level"], values["verdict"] = Level(values["level"]), Verdict(values["verdict"])
    values["missing"] = tuple(values["missing"])
    values["evidence"] = tuple(_evidence(one) for one in values["evidence"])
    return RuleResult(**values)


def _evidence(entry: Mapping[str, Any]) -> Evidence:
    values = {field.name: entry[field.name] for field in fields(Evidence)}
    for name in ("request_headers", "response_headers"):
        values[name] = tuple((header[0], header[1]) for header in values[name])
    return Evidence(**values)
