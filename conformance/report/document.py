"""The result as a JSON document, described by `result.schema.json`; every other tool can read it back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from importlib.resources import files
from typing import Any, Final

from ..catalogue.rules import Level, Rule, Source
from ..http.evidence import Evidence
from ..results.results import (
    CheckResult,
    RuleResult,
    RunResult,
    ShardSummary,
    TargetSummary,
    Verdict,
    exit_code,
    tally,
)

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
            "shard": asdict(run.shard) if run.shard is not None else None,
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
            {"rule": root.rule.id, "follow_ups": [result.rule.id for result in followers]}
            for root, followers in run.causes
        ],
        "notes": list(run.notes),
        "problems": list(run.problems),
        "results": [to_entry(result) for result in run.results],
    }


def to_entry(result: RuleResult) -> dict[str, Any]:
    """One result as JSON has it."""
    rule, part = result.rule, result.part
    return {
        "rule": rule.id,
        "api": rule.api,
        "area": rule.area,
        "level": str(rule.level),
        "title": rule.title,
        "statement": rule.statement,
        "source": str(rule.source),
        "how": result.how,
        "verdict": str(part.verdict),
        "reason": part.reason,
        "expected": part.expected,
        "actual": part.actual,
        "evidence": [_evidence_entry(evidence) for evidence in part.evidence],
        "seconds": round(part.seconds, 4),
        "missing": list(part.missing),
        "because_of": part.because_of,
        "accepted": result.accepted,
        "reproduce": result.reproduce,
        "area_title": rule.area_title,
    }


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
            # Reports of before there were shards are still read.
            shard=ShardSummary(**run["shard"]) if run.get("shard") is not None else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NoResult(f"a damaged document of the format {FORMAT}: {error!r}") from error


def from_entry(entry: Mapping[str, Any]) -> RuleResult:
    """One result from its JSON; raises what `from_document` takes for damage."""
    if f"-{entry['area']}-" not in entry["rule"]:
        raise ValueError(f"{entry['rule']} is not a rule of the area {entry['area']}")
    rule = Rule(
        id=entry["rule"],
        api=entry["api"],
        level=Level(entry["level"]),
        title=entry["title"],
        statement=entry["statement"],
        source=Source(*entry["source"].split(", ", 1)),
        # What only the choice and the order of checks need is not in a report.
        operations=(),
        needs=(),
        depends_on=(),
        # Reports of before areas had titles are still read, and compared with newer ones.
        area_title=entry.get("area_title", ""),
    )
    part = CheckResult(
        verdict=Verdict(entry["verdict"]),
        reason=entry["reason"],
        expected=entry["expected"],
        actual=entry["actual"],
        evidence=tuple(_evidence(one) for one in entry["evidence"]),
        seconds=entry["seconds"],
        missing=tuple(entry["missing"]),
        because_of=entry["because_of"],
    )
    return RuleResult(rule, part, accepted=entry["accepted"], reproduce=entry["reproduce"], how=entry["how"])


def _evidence(entry: Mapping[str, Any]) -> Evidence:
    values = {field.name: entry[field.name] for field in fields(Evidence)}
    for name in ("request_headers", "response_headers"):
        values[name] = tuple((header[0], header[1]) for header in values[name])
    return Evidence(**values)
