"""Write `costs.json` of each API: how many requests the checks of a rule make, and fuzzing.

`python tools/costs.py`, now and then: `check --shard` balances by it, and takes a rule that is not
named there for an ordinary one.
"""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from dbcontract.conformance.apis.base import apis
from dbcontract.conformance.authoring.check import discover
from dbcontract.conformance.catalogue.rules import load_all
from dbcontract.conformance.runner.fuzzing.settings import FuzzingSettings
from dbcontract.conformance.runner.rule_runner import RuleRunner
from dbcontract.conformance.runner.shards import FUZZING
from dbcontract.conformance.target.options import TargetOptions
from dbcontract.mockserver.sandbox.settings import Settings, TokenGrant
from dbcontract.mockserver.server.run import ServerThread


def costs() -> dict[str, dict[str, int]]:
    """Requests by rule, by API: every rule is checked once, on a mock."""
    rules = {rule.id: rule for rule in load_all() if rule.testable}
    tokens = (TokenGrant("all"), TokenGrant("some", read_only=True))
    with ServerThread(Settings(port=0, tokens=tokens)) as running:
        target = TargetOptions(url=running.base_url, token_env="NAME").resolve({"NAME": "all"})  # noqa: S106
        target = replace(
            target.with_own(lambda own: own.with_read_only("some")),
            capabilities=target.capabilities | {"wait"},
        )
        runner = RuleRunner(target, rules, discover(), settings=FuzzingSettings())
        try:
            runner.preflight().require()
            found: dict[str, dict[str, int]] = {}
            for api in target.apis:
                fuzzed = runner.fuzzing(api)
                found[api] = {FUZZING: fuzzed.calls if fuzzed is not None else 0}
                for rule_id in sorted(rule.id for rule in rules.values() if rule.api == api):
                    found[api][rule_id] = runner.examine(rule_id).requests
        finally:
            runner.close()
    return found


if __name__ == "__main__":
    for name, requests in costs().items():
        place = Path(str(files(apis()[name].package))) / "costs.json"
        place.write_text(json.dumps(requests, indent=2) + "\n", encoding="utf-8")
        print(place, sum(requests.values()))
