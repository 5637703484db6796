"""What is asked before any rule is judged: is the target the one that the user means, and can it be judged?

A mistake of the user's must never be reported as the target's. What is plainly one (a base URL that leads
elsewhere, a token that is refused, ids that the target does not know) ends the run before its first rule;
what only some rules need leaves these not verified. A handful of GETs tell; where writing is allowed, a
request for each database that changes nothing tells whether the token may write.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Final
from urllib.parse import urljoin, urlsplit

from ..apis.base import apis, practice_of
from ..authoring.answer import Answer, status_text
from ..authoring.check import CheckFailed, NotVerified, PrerequisiteFailed
from ..authoring.context import Context
from ..authoring.practice import CallingPractice
from ..authoring.run import Run
from ..catalogue.rules import Rule
from ..environment.environment import Environment
from ..environment.session import TimeIsUp
from ..http.wire import REDIRECTS, Unreachable, origin_of
from .target import Endpoint, Target, TargetError

DOWN: Final = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
"""What a proxy says for a server that is not there."""

REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


@dataclass(frozen=True, slots=True)
class Gap:
    """What cannot be verified, and why.

    Attributes:
        reason: one sentence that names the option or key and the remedy.
        operations: only rules about one of these; None: whatever they are about.
        needs: only rules that need this capability; None: whatever they need.
    """

    api: str
    reason: str
    operations: frozenset[str] | None = None
    needs: str | None = None

    def concerns(self, rule: Rule) -> bool:
        """Whether a rule is left open by this."""
        return (
            rule.api == self.api
            and (self.operations is None or not self.operations.isdisjoint(rule.operations))
            and (self.needs is None or self.needs in map(str, rule.needs))
        )


@dataclass(frozen=True, slots=True)
class Preflight:
    """What came of the questions.

    Attributes:
        unreachable: why the target cannot be judged now, though nothing may be wrong with what the user said.
        mistakes: of the user's, one sentence each.
        gaps: what cannot be verified.
    """

    unreachable: str | None = None
    mistakes: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()

    def require(self) -> None:
        """Go on if the user made no mistake.

        Raises:
            TargetError: at least one; the message has them all.
        """
        if self.mistakes:
            raise TargetError("; ".join(self.mistakes))

    def skip_reason(self, rule: Rule) -> str | None:
        """Why a rule cannot be verified; None if nothing stands in its way."""
        return next((gap.reason for gap in self.gaps if gap.concerns(rule)), None)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader of a report has to know: each reason once."""
        return tuple(dict.fromkeys(gap.reason for gap in self.gaps))


class Findings:
    """Collects what the questions to one target show."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.mistakes: dict[str, None] = {}
        self.gaps: list[Gap] = []
        self.down: dict[str, str] = {}

    def mistake(self, key: str, problem: str, remedy: str) -> None:
        """Something that the user gave is wrong."""
        self.mistakes[f"{self.target.named(key)}: {problem}; {remedy}"] = None

    def gap(
        self, api: str, reason: str, *, operations: frozenset[str] | None = None, needs: str | None = None
    ) -> None:
        """Something cannot be verified."""
        self.gaps.append(Gap(api, reason, operations, needs))

    def result(self) -> Preflight:
        """All of it. What leaves no API to judge is a mistake, too."""
        whole = {gap.api: gap.reason for gap in self.gaps if gap.operations is None and gap.needs is None}
        if not self.mistakes and self.target.apis and set(whole) == set(self.target.apis):
            return Preflight(mistakes=tuple(dict.fromkeys(whole.values())))
        down = "; ".join(self.down.values()) or None
        return Preflight(down, tuple(self.mistakes), tuple(self.gaps))


@dataclass(frozen=True, kw_only=True)
class PreflightPractice(CallingPractice):
    """What is asked of an API before any rule.

    Attributes:
        examine: asks what has to be known before the first rule, and notes what is wrong. By default the
            operation that only reads has to answer with JSON.
        answers: whether the API seems to be at a base URL, by a call that changes nothing; None where it
            does, else what came instead. The endpoint of the place is the one to ask. By default as for
            `examine`.
    """

    examine: Callable[[Run, Environment, Findings], None] | None = None
    answers: Callable[[Run, Environment], str | None] | None = None


def examine(run: Run) -> Preflight:
    """Ask what has to be known before the first rule.

    Args:
        run: the surroundings; on a mock of ours the questions go to a sandbox.
    """
    findings = Findings(run.target)
    if run.environments.is_variant:
        # It is wrong on purpose: what it says about the user's token may be part of that.
        return findings.result()
    try:
        environment = run.environments.open()
    except NotVerified as error:
        raise TargetError(error.reason) from error
    try:
        for api in run.target.apis:
            try:
                (practice_of(api, PreflightPractice).examine or partial(_examine_reading, api))(
                    run, environment, findings
                )
            except Unreachable as error:
                endpoint = environment.endpoint(api)
                url = endpoint.url if endpoint is not None else api
                findings.down[api] = f"{url} does not answer: {run.redactor.text(str(error))}"
        _seconds(run, environment, findings)
    finally:
        run.environments.close(environment)
    return findings.result()


# What is asked of an API that asks nothing of its own


def _read(api: str, run: Run, environment: Environment) -> tuple[Context, Answer | None]:
    """The answer of the operation that only reads; None where none came."""
    practice = practice_of(api, PreflightPractice)
    ctx = practice.context(run, environment, "preflight")
    return ctx, asked(lambda: ctx.call(practice.reading, described=False, note="before any rule"))


def _examine_reading(api: str, run: Run, environment: Environment, findings: Findings) -> None:
    """Ask whether the API is there, and takes the token.

    Raises:
        Unreachable: nothing answers.
    """
    ctx, answer = _read(api, run, environment)
    if answer is None:
        is_there(ctx)
        return
    here = f"{ctx.base_url} answers {what_came(answer)}"
    there = redirected_to([answer], ctx.base_url)
    if is_down([answer]):
        findings.down[api] = f"{here}: nothing runs behind it"
    elif there is not None:
        findings.mistake(f"{api}.url", f"{ctx.base_url} redirects to {there}", f"give {there} instead")
    elif answer.status in REFUSED and apis()[api].needs_token:
        flag = findings.target.named(f"{api}.token_env")
        reason = f"{flag}: the target refuses what it was sent ({answer.status}); give a valid token"
        findings.gap(api, reason)
    elif not is_json(answer) and answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        what = f"{here}, as no {apis()[api].title} does"
        findings.mistake(f"{api}.url", what, "give the URL below which its paths are")


def _answers_reading(api: str, run: Run, environment: Environment) -> str | None:
    """Whether the API seems to be there; what came instead, where it does not.

    Raises:
        Unreachable: no connection could be made.
    """
    _, answer = _read(api, run, environment)
    if answer is None:
        return "does not answer"
    return None if is_json(answer) else f"answers {what_came(answer)}"


# Questions that the APIs share


def asked(question: Callable[[], Answer]) -> Answer | None:
    """The answer to a question; None where none came that a check could use.

    Raises:
        Unreachable: no connection could be made.
    """
    try:
        return question()
    except (CheckFailed, NotVerified, PrerequisiteFailed, TimeIsUp):
        return None


def moved(answer: Answer, base: str) -> str | None:
    """Where a redirect leads that concerns the whole API: the base URL to give instead, if it can be told.

    A redirect that only adds or removes a slash at the end is none.
    """
    location = answer.headers.get("Location")
    if answer.status not in REDIRECTS or location is None:
        return None
    try:
        led = urljoin(answer.url, location)
        there, here = urlsplit(led), urlsplit(answer.url)
    except ValueError:
        return None
    if there[:2] == here[:2] and there.path.rstrip("/") == here.path.rstrip("/"):
        return None
    suffix = here.path.removeprefix(urlsplit(base).path)
    path = there.path.removesuffix(suffix) if there.path.endswith(suffix) else there.path
    return f"{there.scheme}://{there.netloc}{path}".rstrip("/")


def what_came(answer: Answer) -> str:
    """Status and media type of an answer, for a sentence: `404 Not Found (text/html)`."""
    return status_text(answer.status) + (f" ({answer.media_type})" if answer.media_type else "")


def is_down(answers: list[Answer]) -> bool:
    """Whether only a proxy answers for the target."""
    return bool(answers) and all(answer.status in DOWN for answer in answers)


def is_there(ctx: Context) -> None:
    """Go on if at least something answers, where one operation does not.

    Raises:
        Unreachable: nothing does.
    """
    asked(lambda: ctx.raw("GET", "/", note="before any rule"))
    last = ctx.trace.exchanges[-1] if ctx.trace.exchanges else None
    if last is not None and last.received is None:
        raise Unreachable(origin_of(ctx.base_url), last.problem or "no answer")


# Second instances


def _seconds(run: Run, environment: Environment, findings: Findings) -> None:
    for api in run.target.apis:
        endpoint = run.target.endpoint(api)
        if endpoint is None or endpoint.second_url is None or environment.disposable:
            continue
        key = f"{api}.second_url"
        if endpoint.second_url == endpoint.url:
            findings.mistake(key, f"{endpoint.url} is the first instance", "name another, empty one")
            continue
        problem = _second_problem(run, environment, api, replace(endpoint, url=endpoint.second_url))
        if problem is not None:
            reason = (
                f"{findings.target.named(key)}: {endpoint.second_url} {problem}; check it, or leave it out"
            )
            findings.gap(api, reason, needs="second")


def _second_problem(run: Run, environment: Environment, api: str, endpoint: Endpoint) -> str | None:
    try:
        answers = practice_of(api, PreflightPractice).answers or partial(_answers_reading, api)
        return answers(run, environment.with_endpoint(api, endpoint))
    except Unreachable:
        return "does not answer"


def what_is_wrong(question: Callable[[], Answer], is_right: Callable[[Answer], bool]) -> str | None:
    """What came instead of an answer of an API to a question, as a phrase; None where it is one.

    Raises:
        Unreachable: no connection could be made.
    """
    answer = asked(question)
    if answer is None:
        return "does not answer"
    return None if is_right(answer) else f"answers {what_came(answer)}"


def is_json(answer: Answer) -> bool:
    """Whether an answer comes from an API that speaks JSON: by its media type, or by its body."""
    media_type = answer.media_type or ""
    if media_type == "application/json" or media_type.endswith("+json"):
        return True
    try:
        return isinstance(answer.json(), dict | list)
    except (CheckFailed, NotVerified):
        return False


def redirected_to(answers: list[Answer], base: str) -> str | None:
    """The base URL that all answers lead to; None where one does not."""
    led = [moved(answer, base) for answer in answers]
    return led[0] if led and all(led) else None
