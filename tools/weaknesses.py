"""Does anything that is installed have a known weakness, and could that be asked at all?

python tools/weaknesses.py [OPTIONS OF PIP-AUDIT]; exits with 1 where there is a weakness, with 3 where
nothing was audited. pip-audit itself ends with 0 where an index knows none of the packages.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any


def judged(output: str, problem: str) -> tuple[int, str]:
    """The exit status, and what to say.

    Args:
        output: of `pip-audit --format json`.
        problem: what it wrote on stderr.
    """
    try:
        listed: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        last = problem.strip().splitlines()[-1:] or ["it said nothing"]
        return 3, f"Nothing was audited, for pip-audit came to no result: {last[0]}"
    asked = [one for one in listed if "vulns" in one]
    weak = [
        f"{one['name']} {one['version']}: {found['id']}, mended in "
        + (", ".join(found["fix_versions"]) or "no version yet")
        for one in asked
        for found in one["vulns"]
    ]
    if weak:
        return 1, "\n".join(weak)
    skipped = [one["name"] for one in listed if "vulns" not in one]
    if not asked:
        return 3, (
            f"Nothing was audited: the index knows none of the {len(skipped)} packages. It has to be pypi.org"
            " itself, or a service that is named with -s; a mirror has no list of weaknesses."
        )
    unknown = f"; not known there: {', '.join(skipped)}" if skipped else ""
    return 0, f"No known weakness in {len(asked)} packages{unknown}"


def main(arguments: Sequence[str]) -> int:
    """Run pip-audit with these options more."""
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--skip-editable",
        "--format",
        "json",
        "--progress-spinner",
        "off",
    ]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    status, text = judged(done.stdout, done.stderr)
    print(text, file=sys.stderr if status else sys.stdout)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
