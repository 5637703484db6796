"""JUnit XML: one test case a rule, for the machines that show test results."""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as ET

from ...results.results import RuleResult, RunResult, Verdict
from ..shown import visible
from ..text import facts, headline, what_happened
from . import Format


def render(run: RunResult) -> str:
    """The report as text; a run that broke off has an error of its own, so that nobody takes it for whole."""
    cases = [_case(result, follows=run.follows(result)) for result in _causes_first(run)]
    if not run.complete:
        broken = ET.Element(
            "testcase", {"classname": "conformance", "name": "the run is complete", "time": "0"}
        )
        ET.SubElement(broken, "error", {"message": _clean(headline(run))})
        cases.append(broken)
    for number, problem in enumerate(run.problems, 1):
        stale = ET.Element(
            "testcase", {"classname": "conformance", "name": f"baseline {number}", "time": "0"}
        )
        ET.SubElement(stale, "failure", {"message": _clean(problem)})
        cases.append(stale)
    counts = {
        "tests": len(cases),
        **{f"{tag}s": sum(1 for case in cases if case.find(tag) is not None) for tag in ("failure", "error")},
        "skipped": sum(1 for case in cases if case.find("skipped") is not None),
    }
    root = ET.Element("testsuites")
    suite = ET.SubElement(
        root,
        "testsuite",
        {
            "name": "dbcontract conformance",
            **{name: str(count) for name, count in counts.items()},
            "time": f"{run.seconds:.3f}",
            "timestamp": run.started_at,
        },
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in [("Result", headline(run)), *facts(run)]:
        ET.SubElement(properties, "property", {"name": name.lower(), "value": _clean(value)})
    suite.extend(cases)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


FORMAT: Final = Format(
    purpose="CI servers",
    suffix="xml",
    render=render,
)


def _causes_first(run: RunResult) -> list[RuleResult]:
    """Root causes, each with what follows from it behind it; then everything else."""
    led = [result for root, followers in run.causes for result in (root, *followers)]
    known = {result.rule.id for result in led}
    return [*led, *(result for result in run.results if result.rule.id not in known)]


def _case(result: RuleResult, *, follows: bool) -> ET.Element:
    attributes = {
        # A dot would begin a new package in the eyes of most machines.
        "classname": f"conformance.{result.rule.api}.{result.rule.area_name.replace('.', ' ')}",
        "name": f"{result.rule.id} {result.rule.title}",
        "time": f"{result.part.seconds:.3f}",
    }
    case = ET.Element("testcase", {name: _clean(value) for name, value in attributes.items()})
    properties = ET.SubElement(case, "properties")
    ET.SubElement(properties, "property", {"name": "level", "value": str(result.rule.level)})
    kind = f"follow-up of {result.because_of}" if follows else str(result.rule.level)
    message = {"message": _clean(what_happened(result))}
    detail = _clean(
        "\n".join(line for line in (result.rule.statement, result.curl, result.reproduce) if line)
    )
    if result.verdict is Verdict.FAILED and result.accepted is None:
        ET.SubElement(case, "failure", {**message, "type": kind}).text = detail
    elif result.verdict is Verdict.ERROR:
        ET.SubElement(case, "error", message).text = detail
    elif result.verdict is Verdict.NOT_VERIFIED or result.accepted is not None:
        ET.SubElement(case, "skipped", message)
    elif result.verdict is Verdict.WARNED:
        ET.SubElement(case, "system-out").text = _clean(f"warning: {what_happened(result)}\n{detail}")
    return case


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 has not, and without those that a terminal would obey."""
    return visible(text)
