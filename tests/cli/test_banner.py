import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from dbcontract.cli.banner import Banner, token_to_show
from dbcontract.mockserver.apis.base import Shown
from dbcontract.mockserver.sandbox.settings import Settings, TokenGrant
from dbcontract.mockserver.server.run import ServerThread


def printed(banner: Banner, *, curls: bool = False, **console: Any) -> str:
    return banner.render(Console(file=io.StringIO(), **console), curls=curls)


@pytest.fixture
def banner() -> Banner:
    return Banner(
        data="data set [small]",
        urls=[("Pieces OS", "http://127.0.0.1:1", "http://127.0.0.1:1/ui/")],
        token="[red]secret",
        contents=[Shown("Databases", (("id-1", "[bold]name"),), 3)],
        commands=[("listRecords", "curl -s " + "x" * 300)],
    )


def test_long_commands_are_neither_wrapped_nor_cut(banner: Banner) -> None:
    assert "\n  curl -s " + "x" * 300 + "\n" in printed(banner, curls=True, width=40)
    assert "curl -s" not in printed(banner)
    assert "--curls" in printed(banner)


def test_names_are_shown_as_they_are(banner: Banner) -> None:
    text = printed(banner)
    for raw in ("[small]", "[red]secret", "[bold]name"):
        assert raw in text


def test_a_public_address_and_the_origins_of_pages(banner: Banner) -> None:
    assert "Listens on" not in printed(banner)
    assert "Browsers" not in printed(banner)
    public = replace(banner, address="http://127.0.0.1:1", origins=("http://a.example", "https://b.example"))
    text = " ".join(printed(public).split())
    assert "Listens on http://127.0.0.1:1" in text
    assert "Browsers pages of http://a.example, https://b.example may call" in text
    assert "Browsers all pages may call" in " ".join(printed(replace(banner, origins=("*",))).split())


def test_what_is_left_out_is_counted(banner: Banner) -> None:
    assert "  Databases (1 of 3)\n" in printed(banner)


def test_colour_only_where_a_terminal_has_it(banner: Banner) -> None:
    assert "\x1b[" not in printed(banner)
    assert "\x1b[" in printed(banner, force_terminal=True, color_system="standard", no_color=False)


@pytest.mark.parametrize(
    ("settings", "token"),
    [
        (Settings(), "any-token"),
        (Settings(auth=False), None),
        (Settings(tokens=(TokenGrant("reader", read_only=True), TokenGrant("writer"))), "writer"),
        (Settings(tokens=(TokenGrant("reader", read_only=True),)), "reader"),
    ],
)
def test_the_token_to_use(settings: Settings, token: str | None) -> None:
    assert token_to_show(settings) == token


@pytest.mark.parametrize("data", ["small", "edge", "bi", "captured", "empty"])
def test_it_fits_a_screen_and_ends_with_urls_and_token(data: str) -> None:
    settings = Settings(port=0, data=data, cors=("*",), variants=("last-byte-lost",))
    with ServerThread(settings) as running:
        lines = printed(Banner.of(settings, running), width=80).splitlines()
    assert len(lines) <= 23  # and the line of the cursor
    assert max(map(len, lines)) <= 80
    names = [line.split()[0] for line in lines[-8:]]
    assert names[-1] == "Ctrl-C"
    assert names[-2] == "Token"
    assert "Dashboard" in names
