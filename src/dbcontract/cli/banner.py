"""What `dbcontract serve` shows when it is ready: where it is, what is in it, and how to call it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import dbcontract
from dbcontract.mockserver.apis.base import served_apis
from dbcontract.mockserver.control.curl import ANY_TOKEN, curl_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from dbcontract.mockserver.apis.base import Shown
    from dbcontract.mockserver.sandbox.settings import Settings
    from dbcontract.mockserver.server.run import Running

_FEW = 2
"""How many things of a kind are listed where the banner has to fit a screen."""


@dataclass(frozen=True, slots=True)
class Banner:
    """The content of the banner, ready to print.

    Attributes:
        urls: (name, base URL, URL of its Swagger UI; empty where it is a page).
        token: what the Authorization header carries, and why.
        contents: what the sandbox holds.
        commands: (operation id, shell command).
        defects: names of the defects that are on.
        address: where the server listens, if its URLs name another place.
        origins: the web origins that may call from a browser.
    """

    data: str
    urls: list[tuple[str, str, str]]
    token: str
    contents: list[Shown] = field(default_factory=list)
    commands: list[tuple[str, str]] = field(default_factory=list)
    defects: tuple[str, ...] = ()
    address: str = ""
    origins: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings, running: Running) -> Banner:
        """The banner of a server that has just started."""
        root = settings.public_url or running.base_url
        apis = {name: api for name, api in sorted(served_apis().items()) if name in settings.apis}
        served = {name: root + api.base_path for name, api in apis.items()}
        urls = [(api.label or api.title, served[name], f"{served[name]}/ui/") for name, api in apis.items()]
        if settings.control:
            control = f"{root}/_mock"
            urls += [("Control", control, f"{control}/ui/"), ("Dashboard", f"{control}/", "")]
        sandbox = running.sandbox
        samples = {name: api.samples_of(sandbox) for name, api in apis.items()}
        return cls(
            data=f"data set {sandbox.base.name}, seed {sandbox.base.seed}",
            urls=urls,
            token=_token_line(settings),
            contents=[one for api in apis.values() for one in api.shown(sandbox)],
            commands=curl_lines(served, samples, token_to_show(settings)),
            defects=sandbox.variants,
            address="" if settings.public_url is None else running.base_url,
            origins=settings.cors,
        )

    def print(self, *, curls: bool = False) -> None:
        """Print to stdout, in colour where that is a terminal that has it.

        A reader that has gone away by now is not a reason to stop serving.
        """
        from rich.console import Console

        text = self.render(Console(), curls=curls)
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except BrokenPipeError:
            # what is still buffered would fail again when the process ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def render(self, console: Console, *, curls: bool = False) -> str:
        """The text of the banner, with the colours that the console has.

        Args:
            console: where it will be shown; without `curls` the text fits a screen of 24 lines.
            curls: show a command for every operation, and more of what is there.
        """
        with console.capture() as capture:
            self._write(console, curls=curls)
        return capture.get()

    def _facts(self) -> Iterator[tuple[str, str]]:
        """What to know beside the URLs: a name, in markup, and a text; the token last."""
        if self.address:
            yield "[bold]Listens on[/]", self.address
        if self.origins:
            pages = "all pages" if "*" in self.origins else f"pages of {', '.join(self.origins)}"
            yield "[bold]Browsers  [/]", f"{pages} may call (CORS)"
        if self.defects:
            yield "[bold red]Defects   [/]", ", ".join(self.defects)
        yield "[bold]Token     [/]", self.token

    def _write(self, console: Console, *, curls: bool) -> None:
        from rich.text import Text

        def write(markup: str = "", plain: str = "", *, cut: bool = False) -> None:
            # names and commands go in as they are: a "[" of theirs is not a markup; and a command that is
            # wrapped or cut cannot be pasted
            line = Text.from_markup(markup) + Text(plain)
            if cut:
                line.truncate(console.width, overflow="ellipsis")
            console.print(line, soft_wrap=True, highlight=False)

        write(f"[bold green]dbcontract {dbcontract.__version__}[/] is ready", f"  ({self.data})")
        write()
        for shown in self.contents:
            items = shown.items if curls else shown.items[:_FEW]
            part = f" ({len(items)} of {shown.count})" if shown.count > len(items) else ""
            write(f"  [bold]{shown.kind}[/]", part)
            for identifier, name in items:
                write(f"    [cyan]{identifier}[/]", f"  {name}", cut=True)
        if self.contents:
            write()
        if self.commands and curls:
            write("  [bold]Try it[/]", " (from top to bottom; what deletes comes last)")
            for operation, command in self.commands:
                write(f"  [dim]# {operation}[/]")
                write("", f"  {command}")
            write()
        width = max(len(url) for _, url, _ in self.urls)
        column = max(10, *(len(name) for name, _, _ in self.urls))
        for name, url, swagger in self.urls:
            write(f"  [bold]{name:<{column}}[/]", f" {url:<{width}}  UI {swagger}" if swagger else f" {url}")
        for name, value in self._facts():
            write(f"  {name}", f" {value}")
        hint = "" if curls or not self.commands else " --curls shows a command for every operation."
        write(f"[dim]Ctrl-C stops the server.{hint}[/]")


def token_to_show(settings: Settings) -> str | None:
    """A token that lets most commands work; None where none is needed."""
    if not settings.auth:
        return None
    writable = [grant.token for grant in settings.tokens if not grant.read_only]
    return (writable or [grant.token for grant in settings.tokens] or [ANY_TOKEN])[0]


def _token_line(settings: Settings) -> str:
    if not settings.auth:
        return "none needed"
    if not settings.tokens:
        return f"Authorization: Token {ANY_TOKEN}  (every token is accepted)"
    return ", ".join(grant.token + (" (read-only)" if grant.read_only else "") for grant in settings.tokens)
