"""What is asked of Pieces OS before any rule: whether it is one."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from ...authoring.answer import Answer
from ...authoring.context import Context
from ...authoring.run import Run
from ...environment.effects import KEPT
from ...environment.environment import Environment
from ...http.wire import REDIRECTS
from ...target.preflight import REFUSED, Findings, asked, is_down, is_there, moved, what_came, what_is_wrong
from ...target.target import Target
from .api import API
from .context import Pieces

NOTE: Final = "before any rule"
PORTS: Final = "Pieces OS listens on port 1000 (macOS, Windows), 5323 (Linux) or one from 39300 to 39333"


def examine(run: Run, environment: Environment, findings: Findings) -> None:
    """Ask, and note what is wrong.

    Raises:
        Unreachable: nothing answers.
    """
    ctx = Pieces(run, environment, "preflight")
    answer = asked(lambda: ctx.call("exportDatabase", described=False, note=NOTE))
    if answer is None:
        is_there(ctx)
        return
    if is_down([answer]):
        findings.down[ctx.api] = f"{ctx.base_url} answers {what_came(answer)}: nothing runs behind it"
    elif not is_pieces(answer):
        _wrong_place(ctx, answer, findings)


def answers(run: Run, environment: Environment) -> str | None:
    """Whether a Pieces OS seems to be there; None where it does, else what came instead.

    Raises:
        Unreachable: no connection could be made.
    """
    ctx = Pieces(run, environment, "preflight")
    return what_is_wrong(lambda: ctx.call("exportDatabase", described=False, note=NOTE), is_pieces)


def is_pieces(answer: Answer) -> bool:
    """Whether an answer to an export may be one of Pieces OS, be it a wrong one."""
    nowhere = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE}
    page = answer.media_type in {"text/html", "application/xhtml+xml"}
    return not (answer.status in {*nowhere, *REFUSED, *REDIRECTS} or (page and answer.status < 500))


def _wrong_place(ctx: Context, answer: Answer, findings: Findings) -> None:
    target, what = findings.target, f"{ctx.base_url} answers GET /database/export with {what_came(answer)}"
    there = moved(answer, ctx.base_url)
    if there is not None:
        findings.mistake("pieces.url", f"{ctx.base_url} redirects to {there}", f"give {there} instead")
    elif answer.status in REFUSED:
        remedy = (
            f"give what it wants in {target.named('pieces.token_env')} or pieces.headers of a target file"
        )
        findings.mistake("pieces.url", what, remedy)
    else:
        findings.mistake("pieces.url", f"{what}, as no Pieces OS does", f"check host, port and path: {PORTS}")


def plans(target: Target) -> list[str]:
    """What a run may create at a Pieces OS, and what of it stays."""
    url = target.endpoints[API.name].url
    lines = [f"{url}: may import entries, {KEPT}."]
    if "destroy" in target.capabilities:
        lines.append(f"{url}: imports over what is there.")
    return lines
