"""The link to what a job has exported: whether it works by itself or takes the token, no document says."""

from __future__ import annotations

from ...authoring.answer import Answer
from ...authoring.context import Context
from ...environment.session import target_headers
from ...http.wire import Request

_REFUSED = frozenset({401, 403, 404})


def followed(ctx: Context, link: str) -> Answer:
    """What a link leads to: without the token, and where that is refused with it, if the target may see it.

    Raises:
        CheckFailed: no HTTP URL, or no complete answer came.
        NotVerified: the user says that the storage cannot be reached.
    """
    answer = ctx.fetch(link)
    own = target_headers(ctx.endpoint, link, auth=True)
    if answer.status not in _REFUSED or not own:
        return answer
    return ctx.send(Request("GET", answer.request.url, own), follow=True, note="with the token")
