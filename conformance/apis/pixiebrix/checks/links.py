"""The links to archive files: that they work, for how long, and for whom."""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import urlsplit
from xml.parsers import expat

from ....authoring.answer import Answer
from ....authoring.check import NotVerified, check
from .. import archives as archived
from ..archives import Archive
from ..calls import expect_refused
from ..context import PixieBrix

_MINUTE = 60.0
_SIGNATURE = re.compile(
    r"(?P<before>[?&][^=&]*?sig(?:nature)?=[^&]*?)(?P<letter>[0-9A-Za-z])(?P<rest>[^&]{4})", re.IGNORECASE
)
"""A parameter such as `X-Amz-Signature`, and a letter that is not among its last, which may be padding."""


@check("PB-LINK-01")
def a_link_gives_the_file(ctx: PixieBrix) -> None:
    """Lists the archives and follows the first link; not verified where `file` is a bare name or there is no
    archive.
    """
    _, archives = archived.at_least(ctx, 1)
    answer = archived.follow(ctx, archived.link_of(archives[0])).expect_status(200)
    _expect_file(ctx, answer)


@check("PB-LINK-02")
def a_link_works_at_the_end_of_its_hour(ctx: PixieBrix) -> None:
    """Follows a link at once and 59 minutes after it came; with a clock, one of a second answer."""
    path, archives = archived.at_least(ctx, 1)
    archived.link_of(archives[0])
    if ctx.can("clock"):
        # A link that is kept and handed out again is older than the answer that has it.
        ctx.clock.advance(30 * _MINUTE)
        archives = archived.listed(ctx, path)
    link = archived.link_of(archives[0])
    # What works once only does not work for an hour.
    archived.download(ctx, archives[0])
    ctx.clock.advance(59 * _MINUTE)
    archived.follow(ctx, link).expect_status(200)


@check("PB-LINK-03")
def a_link_is_refused_after_its_hour(ctx: PixieBrix) -> None:
    """Follows a link at once, half an hour later, 61 minutes after it came, and half an hour into later days,
    and expects a 4xx from then on.
    """
    _, archives = archived.at_least(ctx, 1)
    good = archived.download(ctx, archives[0])
    ctx.clock.advance(31 * _MINUTE)
    # Its hour does not begin anew when it is used.
    archived.download(ctx, archives[0])
    ctx.clock.advance(30 * _MINUTE)
    _expect_refused(ctx, archived.link_of(archives[0]), good, "an expired link")
    # Where only the time of the day counts, or the days of a week, a link begins to work again.
    with suppress(NotVerified):  # the days cannot be passed, or a night would take what is not the run's
        for minutes in (24 * 60 - 31, 6 * 24 * 60, 21 * 24 * 60):
            ctx.clock.advance(minutes * _MINUTE)
            _expect_refused(ctx, archived.link_of(archives[0]), good, "a link that expired days ago")


@check("PB-LINK-04")
def an_expired_link_is_refused_as_s3_does(ctx: PixieBrix) -> None:
    """Follows a link 61 minutes after it came, and reads the code of the XML error."""
    _, archives = archived.at_least(ctx, 1)
    link = archived.link_of(archives[0])
    ctx.clock.advance(61 * _MINUTE)
    answer = ctx.fetch(link).expect_status(403)
    code = _error_code(answer)
    ctx.expect_true(
        "the code in the XML error", code == "AccessDenied", expected="AccessDenied", actual=answer.text
    )


@check("PB-LINK-05")
def asking_again_gives_a_fresh_link(ctx: PixieBrix) -> None:
    """Lists again 61 minutes later, and compares the link of the same date, and what it gives."""
    path, archives = archived.at_least(ctx, 1)
    old = archives[0]
    before = archived.download(ctx, old)
    ctx.clock.advance(61 * _MINUTE)
    again = [archive for archive in archived.listed(ctx, path) if archive.day == old.day]
    ctx.expect_true("the list", again, expected=f"{old.day}, as before", actual="no such date")
    link = archived.link_of(again[0])
    ctx.expect_true("the link after an hour", link != old.link, expected="another one", actual=link)
    answer = archived.follow(ctx, link).expect_status(200)
    same = before.digest() == answer.digest()
    ctx.expect_true("the file behind the fresh link", same, expected=before.summary, actual=answer.summary)


@check("PB-LINK-06")
def a_link_needs_no_token(ctx: PixieBrix) -> None:
    """Follows a link without any Authorization."""
    _, archives = archived.at_least(ctx, 1)
    _expect_file(ctx, ctx.fetch(archived.link_of(archives[0])).expect_status(200))


@check("PB-LINK-07")
def an_altered_link_is_refused(ctx: PixieBrix) -> None:
    """Changes a letter of the signature, then the date in the path to that of another archive; not verified
    where the query has no signature.
    """
    _, archives = archived.at_least(ctx, 1)
    link = archived.link_of(archives[0])
    signed = _SIGNATURE.search(link)
    if signed is None:
        ctx.skip("the query of the link has no signature")
    good = archived.download(ctx, archives[0])
    letter = "0" if signed["letter"] != "0" else "1"
    forged = link[: signed.start("letter")] + letter + link[signed.end("letter") :]
    _expect_refused(ctx, forged, good, "a link with another signature")
    _expect_refused(ctx, _of_another_date(ctx, link, archives), good, "a link with another path")


def _of_another_date(ctx: PixieBrix, link: str, archives: list[Archive]) -> str:
    """The link with the date of another file, if there is one, in its path."""
    day = archives[0].day
    other = next((archive.day for archive in archives if archive.day != day), day - archived.DAY)
    path = urlsplit(link).path
    if not path.endswith(f"{day}.jsonl"):
        ctx.skip("the date in the path of the link is encoded")
    return link.replace(path, path.removesuffix(f"{day}.jsonl") + f"{other}.jsonl", 1)


def _expect_file(ctx: PixieBrix, answer: Answer) -> None:
    """Go on if it is a file: a page to log in at comes with a 200, too."""
    page = answer.beginning.lstrip()[:9].lower().startswith((b"<!doctype", b"<html"))
    good = answer.size and not page
    actual = answer.summary if answer.size else "nothing"
    ctx.expect_true("the file", good, expected="the records of the date", actual=actual)


def _expect_refused(ctx: PixieBrix, link: str, good: Answer, what: str) -> None:
    """Follow a link, with the token only where `good`, the answer to a good link, needed it."""
    answer = archived.follow(ctx, link) if archived.had_token(good) else ctx.fetch(link)
    expect_refused(ctx, answer, what)


def _error_code(answer: Answer) -> str | None:
    """The code of S3's XML error (S3 API reference: Error responses); None if the body is not one."""
    try:
        expat.ParserCreate().Parse(answer.content, True)  # noqa: FBT003 (takes no names)
    except expat.ExpatError:
        return None
    found = re.search(r"<Error\b[^>]*>.*<Code>\s*(\w+)\s*</Code>", answer.text, re.DOTALL)
    return found[1] if found else None
