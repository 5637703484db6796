"""Are the licences of all that an installation brings along ones that the project takes?

python tools/licences.py [DISTRIBUTION]; exits with 1 where one is not.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires

from packaging.requirements import Requirement

TAKEN = (
    "MIT",
    "BSD",
    "Apache",
    "ISC",
    "MPL",
    "Mozilla Public License",
    "PSF",
    "Python Software Foundation",
)
"""What their names have in them: nothing that would reach beyond the files of the dependency itself."""


def brought(distribution: str) -> set[str]:
    """The distribution, and all that is installed because of it."""
    found: set[str] = set()
    left = [distribution]
    while left:
        name = left.pop()
        if name in found:
            continue
        try:
            needed = [Requirement(text) for text in requires(name) or ()]
        except PackageNotFoundError:
            continue
        found.add(name)
        left += [one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


def main() -> int:
    """Let pip-licenses list and judge them."""
    distribution = sys.argv[1] if len(sys.argv) > 1 else "dbcontract"
    names = sorted(brought(distribution))
    if not names:
        print(f"{distribution} is not installed", file=sys.stderr)
        return 2
    command = [sys.executable, "-m", "piplicenses", "--partial-match", "--allow-only", ";".join(TAKEN)]
    return subprocess.run([*command, "--packages", *names], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
