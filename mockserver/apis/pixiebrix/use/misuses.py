"""What a client of PixieBrix can do wrong, beside what the description tells."""

from __future__ import annotations

from typing import Final

from ....coverage.exchange import Exchange
from ....coverage.misuse import Misuse
from ..versions import VERSIONS
from .memory import FINISHED, HOUR, PixieBrixMemory, address, is_expired
from .recognition import LISTS


def _no_version(exchange: Exchange, _: PixieBrixMemory) -> str | None:
    return None if exchange.version_asked is not None else f"{exchange.operation} is asked without a version"


def _unknown_version(exchange: Exchange, _: PixieBrixMemory) -> str | None:
    if exchange.status != 406 or exchange.forced:
        return None
    asked = exchange.version_asked
    accept = exchange.request.headers.get("accept", "")[:200]
    known = f"there are {', '.join(VERSIONS)}" if asked not in VERSIONS else "it is served at others"
    return f"{exchange.operation} cannot answer `Accept: {accept}`; {known}"


def _no_token(exchange: Exchange, _: PixieBrixMemory) -> str | None:
    if exchange.status != 401 or exchange.forced:
        return None
    given = exchange.request.headers.get("authorization")
    if given is None:
        return f"{exchange.operation} is called without a token"
    scheme = given.partition(" ")[0]
    return None if scheme.lower() == "token" else f"{exchange.operation} is called with another scheme"


def _token_to_storage(exchange: Exchange, _: PixieBrixMemory) -> str | None:
    sent = "authorization" in exchange.request.headers
    return f"{exchange.method} of storage has `Authorization`" if sent else None


def _expired_link(exchange: Exchange, _: PixieBrixMemory) -> str | None:
    return exchange.path[:300] if is_expired(exchange) and not exchange.forced else None


def _renewed(exchange: Exchange, _: PixieBrixMemory) -> str | None:
    return exchange.path[:300] if exchange.succeeded else None


def _polls_on(exchange: Exchange, memory: PixieBrixMemory) -> str | None:
    job = memory.jobs.get(exchange.segments[-1])
    if job is None or job.status not in FINISHED or exchange.forced:
        return None
    # After its hour a link is renewed by asking again, as documented.
    if job.status == "SUCCESS" and exchange.at - job.at >= HOUR:
        return None
    return f"job {exchange.segments[-1]} had ended as {job.status}"


def _guesses_page(exchange: Exchange, memory: PixieBrixMemory) -> str | None:
    page = exchange.parameter("page")
    if page in {None, "1"} or exchange.forced or exchange.version_asked != VERSIONS[-1]:
        return None
    if address(exchange.path, exchange.query) in memory.pages:
        return None
    return f"page {page} of {exchange.operation}, to which no `Link` of an answer has led"


def _does_not_wait(exchange: Exchange, memory: PixieBrixMemory) -> str | None:
    again = memory.again_at.get(exchange.request.headers.get("authorization", ""))
    if again is None or exchange.at >= again:
        return None
    return f"{exchange.operation} is called before `Retry-After` is over"


MISUSES: Final = (
    Misuse(
        id="no-version",
        title="A request names no version, and relies on the default",
        remedy="Send `Accept: application/json; version=2.0`, or the version that the client is written for.",
        level="published",
        source='"Making an API Request", versions: 1.0 is the default, and has no pages',
        seen=_no_version,
    ),
    Misuse(
        id="not-acceptable",
        title="A request accepts nothing that the operation serves",
        remedy="Ask for a media type and a version that the description has.",
        level="published",
        source='"Making an API Request", versions',
        seen=_unknown_version,
    ),
    Misuse(
        id="no-token",
        title="A request does not authenticate as it should",
        remedy="Send `Authorization: Token <token>`.",
        level="published",
        source='"Making an API Request", authentication',
        seen=_no_token,
    ),
    Misuse(
        id="token-to-storage",
        title="The token is sent to a link of storage, which carries its own permission",
        remedy="Open links and upload forms with a client that has no `Authorization`; real S3 answers 400.",
        level="inferred",
        source='"Database APIs", archives and assets: links to S3; S3 takes one kind of authentication',
        operations=("downloadObject", "uploadObject"),
        seen=_token_to_storage,
    ),
    Misuse(
        id="expired-link",
        title="A link is used after its hour, and not renewed",
        remedy="Ask for the list, the job or the asset again: it has a fresh link.",
        level="documented",
        source='"Database APIs", record archives: a link works for an hour',
        operations=("downloadObject",),
        seen=_expired_link,
        settled=_renewed,
    ),
    Misuse(
        id="polls-finished-job",
        title="A job is asked for again that has ended, while its link still works",
        remedy="Stop asking once the status is SUCCESS or FAILURE.",
        level="inferred",
        source='"Database APIs", export jobs: the statuses',
        operations=("getExportJob",),
        seen=_polls_on,
    ),
    Misuse(
        id="guessed-page",
        title="The number of a page is guessed, where answers link to the next one",
        remedy="Follow `Link` with `rel=next` until there is none.",
        level="published",
        source='"Making an API Request", pagination',
        operations=LISTS,
        seen=_guesses_page,
    ),
    Misuse(
        id="ignores-request-limit",
        title="A request is sent before the time is over that a 429 asked to wait",
        remedy="Wait for as many seconds as `Retry-After` says.",
        level="published",
        source='"Making an API Request", rate limits',
        seen=_does_not_wait,
    ),
)
