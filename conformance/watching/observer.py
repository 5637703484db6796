"""Takes in exchanges as they happen, has them judged one after the other, and says what came of it."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ..apis.base import practice_of
from ..catalogue.findings import FUZZING_ONLY, HOW, schema_rules
from ..catalogue.rules import Rule
from ..environment.request_effects import Passage
from ..http.body import Body, decoded
from ..http.evidence import Exchange
from ..http.headers import Headers
from ..http.redaction import Redactor, Secret
from ..http.wire import Received, Request
from ..outcomes import CheckFailed
from ..results.results import CheckResult, RuleResult, Verdict, worst
from ..schema.conformance import SchemaFindings
from ..schema.description import Description
from ..schema.trace import Trace
from .lawful import is_for_the_client
from .recording import RecordingPractice
from .routing import Routing, base_urls
from .seen import Doubtful, Seen, Watch, WatchingPractice

MEMORY: Final = 32 * 1024 * 1024
_BACKLOG: Final = 200
_SHOWN: Final = 3
_SECRETS: Final = 100
_DECODABLE: Final = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})

NOT_EXERCISED: Final = "nothing that passed shows it"
NOT_WATCHED: Final = "watching cannot tell; `dbcontract check` asks for it"
ELSE: Final = "; nobody who writes past the proxy is known, but one could have (--sole-writer)"


@dataclass(eq=False)
class Watched:
    """A request under way.

    Attributes:
        number: counts from 1.
        began: when it came, by the observer's clock.
        beside: see `Seen`.
        ended: what is known of it is handed over.
    """

    number: int
    passage: Passage
    began: float
    beside: bool = False
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What one exchange came to, for whoever looks on.

    Attributes:
        told: method and URL, masked.
        status: None where no answer came.
        findings: ids of the rules that it shows broken.
        problem: why no answer came, or why the answer was not judged.
    """

    number: int
    told: str
    operation: str | None
    status: int | None
    seconds: float
    findings: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Ended:
    watched: Watched
    sent: Body
    answer: Received | None
    body: Body | None
    ended: float
    problem: str | None


class Observer:
    """Judges the exchanges of others.

    What is handed over is judged in a thread of its own, in the order in which the exchanges ended.

    Args:
        base_url: of the implementation.
        rules: to judge it by.
        descriptions: of the APIs to judge, by name; reading them takes a second.
        sole_writer: nobody writes to the implementation but through the proxy.
        listener: is told of each exchange, from that thread.
        recording: keep what was seen, for a data set.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        base_url: str,
        rules: Sequence[Rule],
        descriptions: Mapping[str, Description],
        *,
        sole_writer: bool = False,
        listener: Callable[[Judged], None] = lambda _: None,
        recording: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        self.routing = Routing(base_url, descriptions)
        self.seen = 0
        self.judged = 0
        self.hindered: Counter[str] = Counter()
        self.unread = 0
        self.requests: Counter[str] = Counter()
        self._rules = {rule.id: rule for rule in rules if rule.watched}
        self._base_url = base_url
        self._descriptions = descriptions
        self._sole_writer = sole_writer
        self._listener = listener
        recorded = (
            [practice_of(api, RecordingPractice).recording for api in descriptions] if recording else []
        )
        self.recordings = [make() for make in recorded if make is not None]
        self._practices = {api: practice_of(api, WatchingPractice) for api in descriptions}
        self._memories = {api: practice.memory() for api, practice in self._practices.items()}
        self._findings = SchemaFindings()
        self._passed: Counter[str] = Counter()
        self._failures: dict[str, list[CheckResult]] = {}
        self._secrets: dict[str, Secret] = {}
        self.redactor = Redactor()
        """Masks the credentials that passed."""
        self._under_way: set[Watched] = set()
        self._queue: queue.SimpleQueue[_Ended | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="judge", daemon=True)
        self._thread.start()

    def begin(self, request: Request) -> Watched:
        """A request has come, of which the head is known."""
        self.seen += 1
        passage = self.routing.passage(request)
        watched = Watched(self.seen, passage, self.clock())
        for other in self._under_way:
            other.beside = other.beside or not passage.reads
            watched.beside = watched.beside or not other.passage.reads
        self._under_way.add(watched)
        return watched

    def end(
        self,
        watched: Watched,
        sent: Body,
        answer: Received | None,
        body: Body | None,
        problem: str | None = None,
    ) -> None:
        """An exchange is over; only the first call for it counts.

        Args:
            watched: which one.
            sent: the body of the request.
            answer: status and headers; None where none came.
            body: of the answer, as it came.
            problem: what went wrong, as a sentence.
        """
        if not watched.ended:
            watched.ended = True
            self._under_way.discard(watched)
            self._queue.put(_Ended(watched, sent, answer, body, self.clock(), problem))

    async def room(self) -> None:
        """Wait until few enough exchanges wait to be judged: none is missed, and memory is bounded."""
        while self._queue.qsize() > _BACKLOG:  # noqa: ASYNC110 - what it waits for happens in a thread
            await asyncio.sleep(0.01)

    def close(self) -> None:
        """Wait until all that was handed over is judged."""
        self._queue.put(None)
        self._thread.join()

    # In the thread that judges

    def _work(self) -> None:
        while (ended := self._queue.get()) is not None:
            try:
                self._take(ended)
            except Exception as error:  # noqa: BLE001 - told in the notes; all that follows is judged
                self.hindered[f"the kit itself failed to judge them ({type(error).__name__})"] += 1
                self._forget()

    def _take(self, ended: _Ended) -> None:
        watched = ended.watched
        request = replace(watched.passage.request, body=_content(ended.sent))
        passage = self.routing.passage(request)
        redactor = self._redactor(request)
        if ended.answer is None:
            self.hindered[ended.problem or "no answer"] += 1
            if not passage.reads:
                self._forget()
            self._tell(ended, passage, redactor)
            return
        answer = _answer(ended.answer, ended.body)
        self.unread += not answer.is_whole
        exchange = Exchange(request, answer, operation=passage.operation)
        seen = Seen(watched.number, passage, exchange, answer, watched.began, ended.ended, watched.beside)
        self.requests[passage.api] += 1
        broken = [*self._hold(seen, redactor), *self._watch(seen, redactor)]
        for recording in self.recordings:
            recording.take(seen)
        self.judged += passage.operation is not None
        self._tell(ended, passage, redactor, broken)

    def _tell(self, ended: _Ended, passage: Passage, redactor: Redactor, broken: Iterable[str] = ()) -> None:
        told = redactor.text(f"{passage.request.method} {passage.request.url}")
        status = ended.answer.status if ended.answer is not None else None
        seconds, problem = ended.ended - ended.watched.began, ended.problem
        findings = tuple(dict.fromkeys(broken))
        number = ended.watched.number
        self._listener(Judged(number, told, passage.operation, status, seconds, findings, problem))

    def _redactor(self, request: Request) -> Redactor:
        """Masks the credentials of this request, and those of earlier ones."""
        known = set(self._secrets)
        for word in credentials(request):
            self._secrets[word] = Secret(word)
        while len(self._secrets) > _SECRETS:
            self._secrets.pop(next(iter(self._secrets)))
        if not known.issuperset(self._secrets):
            self.redactor = Redactor(self._secrets.values())
        return self.redactor

    def _hold(self, seen: Seen, redactor: Redactor) -> list[str]:
        """Hold an answer against the description; gives the rules that it breaks."""
        operation = seen.operation
        if operation is None or is_for_the_client(seen.passage.request, seen.answer):
            return []
        description = self._descriptions[seen.passage.api]
        assert seen.passage.endpoint is not None  # noqa: S101 (it has an API)
        base = seen.passage.endpoint.url
        path = seen.url.partition("?")[0].removeprefix(base)
        trace = Trace()
        trace.exchanges.append(seen.exchange)
        answer = seen.answer.sampled()
        if not answer.truncated:
            trace.exercised.add(operation)
        found = description.hold(description.call_at(operation, path), base, seen.passage.request, answer)
        trace.findings += [(finding, 1) for finding in found]
        violations = self._findings.read(trace, redactor)
        kinds = {violation.finding.check for violation in violations}
        return [
            rule
            for rule, checks in schema_rules().items()
            if rule in self._rules
            and operation in self._rules[rule].operations
            and not kinds.isdisjoint(checks)
        ]

    def _watch(self, seen: Seen, redactor: Redactor) -> list[str]:
        """Let the watches of the API look; gives the rules that the exchange shows broken."""
        api, passage = seen.passage.api, seen.passage
        if not api:
            broken = []
            for name, memory in self._memories.items():
                broken += self._look(name, seen, redactor)
                memory.learn(seen)
            return broken
        broken = self._look(api, seen, redactor)
        if not passage.reads and (seen.beside or (passage.operation is None and seen.status < 400)):
            self._memories[api].forget()
        else:
            self._memories[api].learn(seen)
        return broken

    def _look(self, api: str, seen: Seen, redactor: Redactor) -> list[str]:
        broken = []
        for watch in self._practices[api].watches:
            if watch.rule not in self._rules or (watch.operations and seen.operation not in watch.operations):
                continue
            try:
                self._passed[watch.rule] += watch.look(seen, self._memories[api]) is True
            except CheckFailed as failure:
                broken.append(watch.rule)
                self._note(watch, failure, seen, redactor)
        return broken

    def _note(self, watch: Watch[Any], failure: CheckFailed, seen: Seen, redactor: Redactor) -> None:
        doubtful = isinstance(failure, Doubtful) and not self._sole_writer
        known = self._failures.setdefault(watch.rule, [])
        if len(known) < _SHOWN:
            evidence = seen.exchange.as_evidence(seen.number, redactor)
            known.append(
                CheckResult(
                    Verdict.WARNED if doubtful else Verdict.FAILED,
                    f"{failure.what}{ELSE if doubtful else ''}",
                    expected=str(failure.expected),
                    actual=redactor.text(str(failure.actual)),
                    evidence=(evidence,),
                )
            )

    def _forget(self) -> None:
        for memory in self._memories.values():
            memory.forget()

    # Afterwards

    def base_urls(self) -> Mapping[str, str]:
        """Where each API may lie, for reports."""
        return {api: base_urls(self._base_url, api)[0] for api in self._descriptions}

    def result(self, rule: Rule, reproduce: str = "") -> RuleResult:
        """The verdict on a rule; after `close`."""
        part = worst(self._parts(rule), rule.level)
        assert part is not None  # noqa: S101 (there is always one)
        return RuleResult(rule, part, reproduce=reproduce, how=self._how(rule))

    def _parts(self, rule: Rule) -> Sequence[CheckResult]:
        if not rule.watched:
            return [CheckResult(Verdict.NOT_VERIFIED, NOT_WATCHED)]
        parts = list(self._failures.get(rule.id, ()))
        if not parts and self._passed[rule.id]:
            parts.append(CheckResult(Verdict.PASSED))
        kinds = [kind for kind in schema_rules().get(rule.id, ()) if kind not in FUZZING_ONLY]
        if kinds:
            parts.append(self._findings.part(kinds, rule.operations, fuzzed=False))
        known = [part for part in parts if part.verdict is not Verdict.NOT_VERIFIED]
        return known or [CheckResult(Verdict.NOT_VERIFIED, NOT_EXERCISED)]

    def _how(self, rule: Rule) -> str:
        practice = self._practices.get(rule.api)
        watched = [one.how for one in practice.watches if one.rule == rule.id] if practice is not None else []
        kinds = [kind for kind in schema_rules().get(rule.id, ()) if kind not in FUZZING_ONLY]
        return " ".join([*watched, *(HOW[kind] for kind in kinds)]) if rule.watched else ""


def credentials(request: Request) -> list[str]:
    """What a request has that must not be shown, whatever it is called."""
    found = []
    for name in ("authorization", "proxy-authorization", "cookie", "x-api-key"):
        for value in Headers(request.headers).get_all(name):
            scheme, space, rest = value.partition(" ")
            found += (rest if space else scheme).replace(";", " ").replace("=", " ").split()
    return found


def _content(body: Body) -> Any:
    if body.is_cut:
        return body.begin
    return body.spool if body.spool is not None else body.begin or None


def _answer(answer: Received, body: Body | None) -> Received:
    """The answer with its body, without its encoding."""
    if body is None:
        return answer
    encoding = (Headers(answer.headers).get("Content-Encoding") or "").strip().lower()
    plain = decoded(body, encoding)
    cut = plain.is_cut or answer.truncated or encoding not in _DECODABLE
    return replace(
        answer,
        content=plain.begin,
        truncated=cut or plain.spool is not None,
        spool=None if cut else plain.spool,
    )
