"""`dbcontract defects`, and `serve --defect`."""

import json
from collections.abc import Callable
from typing import Any

import requests


def test_they_are_listed_with_what_they_do_and_break(run: Callable[..., Any]) -> None:
    listed = run("defects")
    assert (listed.status, listed.stderr) == (0, "")
    lines = listed.stdout.decode().splitlines()
    at = lines.index("  last-byte-lost")
    assert lines[at + 1] == "      Loses the last byte of every uploaded file."
    assert "PB-ASSET-20" in lines[at + 2]
    assert "  relative-redirect" not in lines


def test_conforming_variants_are_listed_apart(run: Callable[..., Any]) -> None:
    entries = json.loads(run("defects", "--conforming", "--json").stdout)
    assert {one["kind"] for one in entries} == {"conforming"}
    assert all(one["breaks"] == [] for one in entries)


def test_a_server_that_is_wrong_on_purpose(serve: Callable[..., Any]) -> None:
    server = serve("--defect", "versions-compared-as-text", "--os-version", "9.0.0")
    assert "  Defects   versions-compared-as-text" in server.banner
    with requests.Session() as session:
        newer = {**session.get(f"{server.pieces}/database/export", timeout=10).json(), "version": "10.0.0"}
        for sandbox in ("", "/~other"):
            answer = session.post(f"{server.pieces}{sandbox}/database/import", json=newer, timeout=10)
            assert answer.status_code == 204


def test_an_unknown_defect_is_told_before_anything_is_served(run: Callable[..., Any]) -> None:
    told = run("serve", "--port", "0", "--defect", "last-byte-lots")
    assert told.status == 2
    assert told.stderr.startswith('Error: "last-byte-lots" is no defect; `dbcontract defects` lists them;')
    assert told.stderr.count("\n") == 1
