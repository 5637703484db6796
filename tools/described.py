"""The half of `tools/fuzz.py` that knows the descriptions: Schemathesis over one, within bounds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dbcontract import openapi

PATHS = {"pieces": "", "pixiebrix": "/api", "control": "/_mock"}
HOOKS = Path(__file__).with_name("described_hooks.py")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "refused_changes_nothing",
)
"""What holds for any input. What is to be accepted and what refused, tests/clients looks at."""
LISTENING = "watchRequests"
"""An answer without an end."""


def fuzz(name: str, base: str, folder: Path, *, seed: str, bounds: Sequence[str]) -> tuple[int, list[str]]:
    """Have Schemathesis send what a description has, and what it has not.

    Args:
        name: of the description.
        base: URL of a server that nobody else uses.
        folder: where files may be written.
        seed: the same one makes the same calls.
        bounds: options of `schemathesis run` that say how long or how much.

    Returns:
        How many calls there were, and what should not have been answered.
    """
    description, config = folder / f"{name}.json", folder / f"{name}.toml"
    description.write_text(json.dumps(openapi.load(name, written_out=True)), encoding="utf-8")
    config.write_text(_config(base), encoding="utf-8")
    command = [sys.executable, "-P", "-m", "schemathesis.cli", "--config-file", str(config), "run"]
    command += [
        str(description),
        "--url",
        base + PATHS[name],
        "--no-color",
        "--no-shrink",
        "--warnings",
        "off",
    ]
    command += ["--exclude-operation-id", LISTENING, "--checks", ",".join(CHECKS)]
    command += ["--seed", seed, *bounds]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS)}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    calls = re.search(r"([\d,]+) generated", done.stdout)
    text = done.stdout.partition("= FAILURES =")[2] or done.stdout[-2_000:] + done.stderr[-2_000:]
    found = [f"{name}: {text[:4_000]}"] if done.returncode else []
    return int(calls[1].replace(",", "")) if calls else 0, found


def _config(base: str) -> str:
    """Schemathesis' settings for all three: a token, and ids that exist, which most calls have."""
    state = _json(f"{base}/_mock/state")
    assets = next(one for one in state["databases"] if one["assets"])
    records = next(one for one in state["databases"] if one["records"])
    ids = {
        "organizationId": [one["id"] for one in state["organizations"]],
        "databaseId": [assets["id"], records["id"]],
        "recordKey": [one["id"] for one in records["records"][:2]],
        "assetId": [one["id"] for one in assets["assets"]],
        "jobId": [one["id"] for one in state["jobs"]],
        "sandboxName": ["one", "two"],
    }
    named = "\n".join(f"{name} = {{ values = {json.dumps(values)} }}" for name, values in ids.items())
    used = "\n".join(f'"path.{name}" = {{ dictionary = "{name}", probability = 0.8 }}' for name in ids)
    return f"""
continue-on-failure = true
[cache]
enabled = false
[generation]
database = "none"
max-examples = 500
with-security-parameters = false
[headers]
Authorization = "Token any"
Accept = "application/json; version=2.0"
[dictionaries]
{named}
[parameters]
{used}
# the documented failures of an import
[[operations]]
include-operation-id = ["importDatabase", "exportDatabase"]
[operations.checks.not_a_server_error]
expected-statuses = ["2xx", "4xx", 500, 505]
"""


def _json(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - http, our own
        return json.load(answer)
