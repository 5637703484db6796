"""What a target links to is not the target: where that cannot be reached, nothing is known."""

import json
import socket
from collections.abc import Iterator

import pytest

from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.authoring.check import Checks
from dbcontract.conformance.catalogue.rules import Catalogue
from dbcontract.conformance.results.results import Verdict
from dbcontract.conformance.runner.engine import Engine, Options
from dbcontract.conformance.schema.description import Description
from dbcontract.conformance.target.target import Endpoint, Target

from .conftest import DATABASE, JSON, PACE, TOKEN, Seen, Start


@pytest.fixture
def nobody() -> Iterator[str]:
    """A URL whose port is taken, and refuses connections."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def test_a_storage_that_cannot_be_reached_leaves_the_rule_open(
    web: Start, nobody: str, catalogue: Catalogue, checks: Checks, descriptions: dict[str, Description]
) -> None:
    asset = {
        "id": DATABASE,
        "filename": "x",
        "download_url": f"{nobody}/x",
        "is_uploaded": False,
        "created_at": "2026-01-01T00:00:00.000000Z",
        "updated_at": "2026-01-01T00:00:00.000000Z",
    }
    created = {"asset": asset, "upload_url": f"{nobody}/upload", "fields": {"key": "a"}}

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        post = seen.method == "POST"
        return (201 if post else 200), JSON, json.dumps(created if post else asset).encode()

    server = web(answer)
    target = Target(
        "t",
        endpoints={"pixiebrix": Endpoint(server.url, TOKEN)},
        capabilities=frozenset({"read", "write", "storage"}),
        own=(Scratch(DATABASE, (DATABASE,)),),
        pace=PACE,
    )
    rules = [catalogue["PB-ASSET-17"]]
    versions = dict(catalogue.versions)
    options = Options(fuzzing=None)
    engine = Engine(target, rules, checks, catalogues=versions, options=options, descriptions=descriptions)
    result = engine.run()
    (found,) = result.results
    assert found.verdict is Verdict.NOT_VERIFIED
    assert nobody in found.reason
    assert result.complete
