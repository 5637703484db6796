"""Change the code in small ways and see whether a test notices: docs/mutation.md.

`python tools/mutation.py [GLOB…] [--jobs N]`, or `tox run -e mutation`. A glob names mutants, as
`dbcontract.conformance.runner.order.*`; without one all of them are run.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from link_packages import ROOT, link_packages
from mutants import judged, read_accepted, read_mutants, table, type_errors

TREE = ROOT / "build" / "mutation"

MODULES = [
    "dbcontract/mockserver/state/*.py",
    "dbcontract/mockserver/apis/*/state/*.py",
    *(
        f"dbcontract/conformance/{name}.py"
        for name in (
            "runner/run_check",
            "runner/rule_runner",
            "runner/order",
            "results/results",
            "results/baseline",
        )
    ),
    "dbcontract/prove/judging.py",
]

TESTS = [
    "tests/state",
    *(
        f"tests/conformance/test_{name}.py"
        for name in (
            "verdicts",
            "baseline",
            "engine",
            "run_check",
            "check_surroundings",
            "rule_runner",
            "rule_groups",
            "rule_results",
            "order",
        )
    ),
    "tests/defects/test_judging.py",
]

# Plugins that no test here needs: they cost time at each of the many starts.
_WITHOUT = ("schemathesis", "faker", "xdist")
_TYPES = "--types"


def lay_out(*, types_too: bool) -> None:
    """Packages, tests and settings in a folder of their own, as mutmut wants them."""
    link_packages(TREE, copy=True)
    shutil.copytree(ROOT / "tests", TREE / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    settings = {
        "source_paths": ["dbcontract"],
        "only_mutate": MODULES,
        "pytest_add_cli_args_test_selection": TESTS,
        "pytest_add_cli_args": [word for plugin in _WITHOUT for word in ("-p", f"no:{plugin}")],
        # `mypy` tells mutmut in which format the findings come
        "type_check_command": (
            [sys.executable, str(Path(__file__).resolve()), _TYPES, "mypy"] if types_too else []
        ),
        "use_git_change_detection": False,
        # four times as long as the tests take otherwise, and 20 s, is time enough
        "timeout_constant": 5.0,
        "timeout_multiplier": 4.0,
    }
    # JSON texts, lists, numbers and booleans are TOML too
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    pytest = ["[tool.pytest.ini_options]", 'addopts = "--import-mode=importlib"']
    (TREE / "pyproject.toml").write_text("\n".join(["[tool.mutmut]", *lines, *pytest, ""]), "utf-8")


def types() -> int:
    """What mypy finds in the mutants; run by mutmut in the folder that holds them."""
    files = sorted(str(path) for pattern in MODULES for path in Path().glob(pattern))
    command = [sys.executable, "-m", "mypy", "--strict", "--output", "json", "--explicit-package-bases"]
    loose = ["--no-warn-unused-ignores", "--allow-untyped-decorators", "--ignore-missing-imports"]
    where = [
        "--config-file",
        os.devnull,
        "--cache-dir",
        str(TREE / ".mypy_cache"),
        "--follow-imports",
        "silent",
    ]
    done = subprocess.run([*command, *loose, *where, *files], check=False, capture_output=True, text=True)
    if done.returncode not in {0, 1}:
        sys.stderr.write(done.stdout + done.stderr)
        return done.returncode
    report = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    for finding in type_errors(report, {file: Path(file).read_text("utf-8") for file in files}):
        print(json.dumps(finding))
    return 0


def main() -> int:
    """Run it; 1: a survivor is not accepted, or an entry is stale; 2: the run broke off."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "globs", nargs="*", metavar="GLOB", help="mutants, e.g. dbcontract.conformance.runner.order.*"
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes at a time"
    )
    parser.add_argument("--tests-only", action="store_true", help="do not ask mypy: the tests alone")
    options = parser.parse_args()
    accepted = read_accepted(sorted((ROOT / "tests" / "mutation").glob("accepted-*.yaml")))
    lay_out(types_too=not options.tests_only)
    command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", str(options.jobs)]
    try:
        subprocess.run([*command, *options.globs], cwd=TREE, check=True)
    except (subprocess.CalledProcessError, KeyboardInterrupt):
        return 2
    mutants = list(read_mutants(TREE))
    result = judged(mutants, accepted)
    whole = not options.globs
    if whole and len(result.mutants) < len(mutants):
        print(f"{len(mutants) - len(result.mutants)} mutants were not run")
        return 2
    print(f"\n{table(result)}\n")
    for mutant in result.left:
        print(f"{mutant.name}: {mutant.fate}\n{mutant.diff}")
    stale = result.stale if whole and not options.tests_only else ()
    for entry in stale:
        print(f"{entry.file}: {entry.function}: no such mutant survives")
        print(f"    - {entry.before}\n    + {entry.after}")
    print(f"score {result.score:.1%}: killed, of those that are not accepted")
    return 1 if result.left or stale else 0


if __name__ == "__main__":
    sys.exit(types() if sys.argv[1:2] == [_TYPES] else main())
