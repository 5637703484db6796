"""`dbcontract defects`, and `serve --defect`."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import requests


def lines_of(listed: Any) -> list[str]:
    assert (listed.status, listed.stderr) == (0, "")
    lines: list[str] = listed.stdout.decode().splitlines()
    return lines


def test_each_is_one_short_line_below_its_area(run: Callable[..., Any]) -> None:
    lines = lines_of(run("defects"))
    at = next(number for number, line in enumerate(lines) if line.startswith("  last-byte-lost "))
    assert lines[at].endswith("  Loses the last byte of every uploaded file.")
    assert [line for line in lines[:at] if line and line[0] != " "][-1] == "assets"
    assert not any("relative-redirect" in line or "PB-ASSET-20" in line for line in lines)
    assert max(map(len, lines)) < 150


def test_the_one_that_is_named_is_explained(run: Callable[..., Any]) -> None:
    assert lines_of(run("defects", "last-byte-lost")) == [
        "last-byte-lost",
        "    Loses the last byte of every uploaded file.",
        "    Breaks PB-ASSET-10, PB-ASSET-20, PB-ASSET-24.",
        "    Try it: dbcontract serve --defect last-byte-lost",
    ]
    assert "Breaks PB-ASSET-10, PB-ASSET-20" in "\n".join(lines_of(run("defects", "*-lost", "-v")))


def test_they_are_chosen_by_glob_area_and_rule(run: Callable[..., Any]) -> None:
    def chosen(*filters: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(run("defects", *filters, "--json").stdout)
        assert found
        return found

    assert all(one["name"].startswith("links-") for one in chosen("links-*"))
    assert {one["area"] for one in chosen("--area", "Asset-Files")} == {"asset_files"}
    assert all("PB-ASSET-20" in one["breaks"] for one in chosen("--rule", "PB-ASSET-20"))
    both = chosen("*byte*", "--rule", "pi-*")
    assert all("byte" in one["name"] and one["breaks"][0].startswith("PI-") for one in both)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["lsat-byte-lost"], "NAME lsat-byte-lost: there is no such defect; there are last-byte-lost"),
        (["--area", "archivs"], "--area archivs: there is no such area; there are archives"),
        (["--rule", "PB-ASSET-99"], "--rule PB-ASSET-99: there is no such rule among those that they break"),
        (["--rule", "PB-ASSET-03", "--conforming"], "--rule PB-ASSET-03: what is conforming breaks no rule"),
    ],
)
def test_a_filter_that_chooses_nothing_is_a_slip(
    run: Callable[..., Any], arguments: list[str], told: str
) -> None:
    done = run("defects", *arguments)
    assert (done.status, done.stdout) == (2, b"")
    assert told in done.stderr


def test_filters_that_do_not_fit_together_tell_what_each_chooses(run: Callable[..., Any]) -> None:
    def count(*filters: str) -> int:
        return len(json.loads(run("defects", *filters, "--json").stdout))

    area, rule = ["--area", "archives"], ["--rule", "PB-ASSET-03"]
    told = f"alone they choose --area archives: {count(*area)}, --rule PB-ASSET-03: {count(*rule)}; leave one"
    for more in ([], ["--json"]):
        done = run("defects", *area, *rule, *more)
        assert (done.status, done.stdout) == (2, b"")
        assert told in done.stderr
    done = run("rules", "PI-*", "--api", "pixiebrix", "--level", "documented")
    assert (done.status, done.stdout) == (2, b"")
    assert re.search(
        r"choose PI-\*: \d+, --api pixiebrix: \d+, --level documented: \d+; leave one out", done.stderr
    )


def test_conforming_variants_are_listed_apart(run: Callable[..., Any]) -> None:
    entries = json.loads(run("defects", "--conforming", "--json").stdout)
    assert {one["kind"] for one in entries} == {"conforming"}
    assert all(one["breaks"] == [] for one in entries)


def test_a_server_that_is_wrong_on_purpose(serve: Callable[..., Any]) -> None:
    server = serve("--defect", "versions-compared-as-text", "--os-version", "9.0.0")
    assert "  Defects    versions-compared-as-text" in server.banner
    with requests.Session() as session:
        newer = {**session.get(f"{server.pieces}/database/export", timeout=10).json(), "version": "10.0.0"}
        for sandbox in ("", "/~other"):
            answer = session.post(f"{server.pieces}{sandbox}/database/import", json=newer, timeout=10)
            assert answer.status_code == 204


def test_an_unknown_defect_is_told_before_anything_is_served(run: Callable[..., Any]) -> None:
    told = run("serve", "--port", "0", "--defect", "last-byte-lots")
    assert told.status == 2
    assert told.stderr.startswith('Error: "last-byte-lots" is not a defect; `dbcontract defects` lists them;')
    assert told.stderr.count("\n") == 1
