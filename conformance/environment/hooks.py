"""A target that is not a mock of ours: one place for all checks, with the controls that its hooks give it."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from ..apis.base import names
from ..http.connection import Patience
from ..http.wire import NoAnswer, Request, Unreachable, Wire
from ..outcomes import NotVerified
from ..target.target import CommandHook, Endpoint, Hook, HttpHook, Target
from .environment import Environment
from .session import ascii_url

PLACEHOLDERS: Mapping[str, tuple[str, ...]] = {
    "advance_clock": ("seconds",),
    "run_nightly": (),
    "fail_next": ("operation", "status", "after", "message"),
    "reset": (),
}
"""What each hook may write in braces, beside what is known to all of them."""


def urls() -> tuple[str, ...]:
    """Placeholders of base URLs: the name of an API and `_url`."""
    return tuple(f"{api}_url" for api in names())


def everywhere() -> tuple[str, ...]:
    """What every hook may write in braces.

    `instance` is `first` or `second`: the one that the hook has to act on. The URLs are of that one, too.
    """
    return ("run", *telling())


def telling() -> tuple[str, ...]:
    """Placeholders by which a hook can tell one instance from the other."""
    return ("instance", *urls())


_INSIDE_IMPORT = "importDatabase"


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of `{names}`; braces around anything else stay."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


class HookControls:
    """Controls through hooks; what no hook does raises `NotVerified`.

    Args:
        target: with its hooks.
        run: a name.
        wire: to send with.
        cancelled: set when the run is to stop.
        second: act on the second instance, and not on the first.
    """

    def __init__(
        self,
        target: Target,
        run: str,
        wire: Wire,
        cancelled: threading.Event | None = None,
        *,
        second: bool = False,
    ) -> None:
        self._target = target
        self._wire = wire
        self._cancelled = cancelled or threading.Event()
        self._second = second
        given = dict(target.hook_urls)
        for api in target.apis:
            endpoint = target.endpoint(api)
            if endpoint is not None:
                given[api] = (endpoint.second_url if second else None) or endpoint.url
        self._always = {"run": run, "instance": "second" if second else "first"}
        self._always |= {f"{api}_url": url for api, url in given.items()}

    def now(self) -> datetime | None:
        """Only the answers of the target tell its time."""
        return None

    def advance(self, seconds: float) -> None:
        """By the hook `advance_clock`."""
        self._call("advance_clock", {"seconds": f"{seconds:g}"}, missing="clock")

    @property
    def runs_nights(self) -> bool:
        """Whether there is a hook `run_nightly`; without it the clock alone may do, or may not."""
        return self._target.hook("run_nightly") is not None

    def advance_to_next_midnight(self, now: Callable[[], datetime]) -> None:
        """By the hook `advance_clock`, and `run_nightly` where there is one."""
        instant = now()
        midnight = datetime(instant.year, instant.month, instant.day, tzinfo=UTC) + timedelta(days=1)
        # The target's own time is not known to the second; a few more do no harm.
        self.advance((midnight - instant).total_seconds() + 5)
        if self.runs_nights:
            self._call("run_nightly", {}, missing="clock")

    def fail_next(self, operation_id: str, status: int | None) -> None:
        """By the hook `fail_next`."""
        self._fail(operation_id, status=str(status or 500))

    def fail_import_inside(self, after: int) -> None:
        """By the hook `fail_next`, with the number of entries."""
        self._fail(_INSIDE_IMPORT, after=str(after))

    def fail_next_job(self, message: str) -> None:
        """By the hook `fail_next`, with the message."""
        self._fail("createExportJob", message=message)

    def change(self, **settings: Any) -> None:
        """No hook changes a target's settings."""
        raise NotVerified(f"no hook changes the target's {', '.join(settings)}")

    def told(self, path: str) -> Any:
        """No hook tells anything."""
        raise NotVerified(f"no hook tells what a mock tells at {path}")

    def reset(self) -> None:
        """By the hook `reset`."""
        self._call("reset", {}, missing="second")

    def _fail(self, operation: str, **values: str) -> None:
        hook = self._target.hook("fail_next")
        name = dict(hook.operations).get(operation, operation) if hook is not None else operation
        given = {"operation": name, "status": "500", "after": "0", "message": "", **values}
        self._call("fail_next", given, missing="inject")

    def _call(self, name: str, values: Mapping[str, str], *, missing: str) -> None:
        hook = self._target.hook(name)
        if hook is None:
            raise NotVerified(f"the target has no hook {name}", missing=(missing,))
        if self._second and not any(f"{{{one}}}" in text for text in hook.texts for one in telling()):
            wanted = ", ".join(f"{{{one}}}" for one in telling())
            reason = (
                f"the hook {name} cannot tell the second instance from the first: use one of {wanted} in it"
            )
            raise NotVerified(reason, missing=(missing,))
        call_hook(name, hook, {**self._always, **values}, self._wire, self._cancelled)


def call_hook(
    name: str, hook: Hook, values: Mapping[str, str], wire: Wire, cancelled: threading.Event
) -> None:
    """Call a hook and wait until it is done.

    Raises:
        NotVerified: it did not work.
        Cancelled: the run was stopped meanwhile.
    """
    if isinstance(hook, CommandHook):
        _run_command(name, hook, values, cancelled)
    else:
        _send_request(name, hook, values, wire, cancelled)


def _run_command(name: str, hook: CommandHook, values: Mapping[str, str], cancelled: threading.Event) -> None:
    words = [fill(word, values) for word in hook.command]
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(  # noqa: S603 (the user's own command, without a shell)
            words, stdout=pipe, stderr=pipe, stdin=subprocess.DEVNULL
        )
    except (OSError, ValueError) as error:
        raise NotVerified(f"the hook {name} did not work: {error}") from error
    with process:
        try:
            output, errors = _output(process, hook, cancelled)
        except BaseException:
            process.kill()
            raise
    if output is None:
        raise NotVerified(f"the hook {name} did not work: it took longer than {hook.seconds:g} seconds")
    if process.returncode:
        said = " ".join((errors or output).decode(errors="replace").split())[:300]
        raise NotVerified(f"the hook {name} ended with status {process.returncode}: {said}")


def _output(
    process: subprocess.Popen[bytes], hook: CommandHook, cancelled: threading.Event
) -> tuple[bytes | None, bytes]:
    """What a command said on both its ways, once it has ended; None where it did not in its time."""
    try:
        for seconds in Patience(hook.seconds, float("inf"), cancelled).slices():
            with suppress(subprocess.TimeoutExpired):
                return process.communicate(timeout=seconds)
    except TimeoutError:
        process.kill()
    return None, b""


def _send_request(
    name: str, hook: HttpHook, values: Mapping[str, str], wire: Wire, cancelled: threading.Event
) -> None:
    quoted = {
        key: quote(value, safe="") if not key.endswith("_url") else value for key, value in values.items()
    }
    headers = tuple((key, fill(value, values)) for key, value in hook.headers)
    body = fill(hook.body, values).encode() if hook.body is not None else None
    request = Request(hook.method, ascii_url(fill(hook.url, quoted)), headers, body)
    try:
        received = wire.send(request, trusted=True, cancelled=cancelled)
    except (NoAnswer, Unreachable, ValueError) as error:
        raise NotVerified(f"the hook {name} did not work: {error}") from error
    if not 200 <= received.status < 300:
        said = " ".join(received.content[:300].decode(errors="replace").split())
        raise NotVerified(f"the hook {name} was answered {received.status}: {said}")


class ConfiguredEnvironments:
    """The one place of a target that the user described."""

    independent = False
    is_variant = False

    def __init__(
        self, target: Target, run: str, wire: Wire, cancelled: threading.Event | None = None
    ) -> None:
        self._target = target
        self._controls = HookControls(target, run, wire, cancelled)
        self._second_controls = HookControls(target, run, wire, cancelled, second=True)

    def open(self) -> Environment:
        """The target itself."""
        target = self._target
        return Environment(target.endpoints, self._controls, target.own)

    def open_second(self, environment: Environment) -> Environment:
        """The second instance of the user's description.

        Raises:
            NotVerified: there is none.
        """
        seconds = {
            api: second for api, one in environment.endpoints.items() if (second := _second(one)) is not None
        }
        if not seconds:
            raise NotVerified("the target has no second instance (second_url)", missing=("second",))
        return replace(environment, endpoints=seconds, controls=self._second_controls, name="second")

    def begin_group(self) -> bool:
        """Put the data back by the hook `reset`, where there is one.

        Raises:
            NotVerified: it did not work.
        """
        if self._target.hook("reset") is None:
            return False
        self._controls.reset()
        return True

    def close(self, environment: Environment) -> None:
        """Nothing to do: what was created is removed by the check."""


def _second(endpoint: Endpoint) -> Endpoint | None:
    if endpoint.second_url is None:
        return None
    return replace(endpoint, url=endpoint.second_url, second_url=None)
