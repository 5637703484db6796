"""What is at a URL, and what hooks do there."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.authoring.check import NotVerified
from dbcontract.conformance.catalogue.rules import Catalogue
from dbcontract.conformance.environment import hooks
from dbcontract.conformance.environment.session import redirected
from dbcontract.conformance.http.wire import Received, Request, Wire
from dbcontract.conformance.target.discovery import of_url, resolve
from dbcontract.conformance.target.options import SelectionError, TargetOptions, permissions, select
from dbcontract.conformance.target.target import CommandHook, Endpoint, HttpHook, Target, TargetError
from dbcontract.mockserver.server.run import Running

from .conftest import DATABASE, JSON, PACE, Start


@pytest.mark.parametrize("path", ["", "/", "/api", "/api/", "/~mine", "/~mine/api/"])
def test_a_mock_is_recognized_by_any_of_its_urls(mock: Running, path: str) -> None:
    target = resolve(of_url(mock.base_url + path), guess=True)
    assert target.kind == "mock"
    sandbox = f"{mock.base_url}{path.rstrip('/').removesuffix('/api')}"
    assert (target.endpoints["pieces"].url, target.endpoints["pixiebrix"].url) == (sandbox, f"{sandbox}/api")
    assert {"write", "destroy", "clock", "inject", "second"} <= target.capabilities
    assert target.of(Scratch).organization is not None
    assert target.endpoints["pieces"].token is None


def test_the_wanted_api_of_a_mock_is_kept(mock: Running) -> None:
    assert resolve(of_url(mock.base_url, ("pieces",)), guess=False).apis == ("pieces",)


def test_an_unrecognized_server_is_told_by_its_answers(unrecognized: Running) -> None:
    target = resolve(of_url(unrecognized.base_url), guess=True)
    assert target.kind == "other"
    assert target.apis == ("pieces", "pixiebrix")
    assert target.endpoints["pixiebrix"].url == f"{unrecognized.base_url}/api"
    assert target.capabilities == {"read", "storage"}
    alone = resolve(of_url(f"{unrecognized.base_url}/api"), guess=True)
    assert alone.apis == ("pixiebrix",)


def test_a_page_that_calls_itself_a_mock_is_none_without_capabilities(web: Start) -> None:
    health = json.dumps({"name": "dbcontract", "apis": ["pieces", "other"], "capabilities": ["write", "all"]})
    server = web(lambda _: (200, JSON, health.encode()))
    target = resolve(of_url(server.url), guess=True)
    assert target.apis == ("pieces",)
    assert target.capabilities == {"write"}


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b'{"name": "other"}', b"[" * 50_000])
def test_what_tells_nothing_has_to_be_named(web: Start, body: bytes) -> None:
    server = web(lambda _: (404, JSON, body))
    with pytest.raises(TargetError, match="say --api pieces or --api pixiebrix"):
        resolve(of_url(server.url), guess=True)
    assert resolve(of_url(server.url, ("pieces",)), guess=False).apis == ("pieces",)


def test_where_nobody_answers_the_run_will_tell() -> None:
    assert resolve(of_url("http://127.0.0.1:9"), guess=True).apis == ("pieces", "pixiebrix")


# What the user says


def test_flags_complete_a_url(unrecognized: Running) -> None:
    wanted = TargetOptions(
        url=f"{unrecognized.base_url}/api",
        api="pixiebrix",
        allow=("write", "wait"),
        token_env="TOKEN",
        own={"organization": (DATABASE.upper(),), "database": (DATABASE,)},
    )
    target = wanted.resolve({"TOKEN": "secret"})
    assert target.endpoints["pixiebrix"].token == "secret"
    assert (target.of(Scratch).organization, target.of(Scratch).databases) == (DATABASE, (DATABASE,))
    assert {"write", "wait"} <= target.capabilities
    line = " ".join(target.arguments)
    assert line == (
        f"{unrecognized.base_url}/api --api pixiebrix --allow write,wait --token-env TOKEN "
        f"--organization {DATABASE.upper()} --database {DATABASE}"
    )
    assert "secret" not in line


def test_the_token_is_taken_from_the_usual_variable(unrecognized: Running) -> None:
    target = TargetOptions(url=f"{unrecognized.base_url}/api").resolve({"DBCONTRACT_TOKEN": "secret"})
    assert target.endpoints["pixiebrix"].token == "secret"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (TargetOptions(url="nowhere"), "URL: 'nowhere' is not an http or https URL"),
        (
            TargetOptions(url="http://127.0.0.1:9", token_env="NOT_SET"),
            "--token-env: the variable NOT_SET is not set",
        ),
        (
            TargetOptions(url="http://127.0.0.1:9", own={"organization": ("x",)}),
            "--organization: 'x' is not a UUID",
        ),
        (TargetOptions(url="http://127.0.0.1:9", own={"database": ("x",)}), "--database: 'x' is not a UUID"),
        (TargetOptions(target_file=Path("nowhere.toml")), r"nowhere\.toml: cannot be read"),
    ],
)
def test_mistakes_are_named(wanted: TargetOptions, words: str) -> None:
    with pytest.raises(TargetError, match=words):
        wanted.resolve({})


def test_permissions_are_lists() -> None:
    assert permissions(["write, destroy", "write"], "--allow") == ("write", "destroy")
    with pytest.raises(TargetError, match="--allow: 'clock' is unknown; allow some of write, destroy, wait"):
        permissions(["clock"], "--allow")


def test_rules_are_selected(catalogue: Catalogue) -> None:
    chosen = select(catalogue, ["pb-asset-0?"], ["documented"])
    assert {rule.id for rule in chosen} >= {"PB-ASSET-03"}
    assert all(rule.id.startswith("PB-ASSET-0") and rule.level == "documented" for rule in chosen)
    assert all(rule.testable for rule in select(catalogue))
    for only, levels, words in [
        (["PB-ASSET-99"], [], "there is no rule 'PB-ASSET-99'; did you mean"),
        (["PI-VER-11"], [], "no check can tell. PI-VER-11: "),
        (["PI-VER-01"], ["inferred"], "no rule is left"),
    ]:
        with pytest.raises(SelectionError, match=words):
            select(catalogue, only, levels)


# Hooks


@pytest.fixture
def controls() -> Iterator[Callable[..., hooks.HookControls]]:
    with Wire(PACE.wire) as wire:

        def make(**given: HttpHook | CommandHook) -> hooks.HookControls:
            target = Target(
                "t", endpoints={"pieces": Endpoint("http://h:1/x")}, hooks=tuple(given.items()), pace=PACE
            )
            return hooks.HookControls(target, "r1", wire)

        yield make


def test_a_hook_is_a_request(web: Start, controls: Callable[..., hooks.HookControls]) -> None:
    server = web(lambda _: (202, {}, b""))
    hook = HttpHook(
        f"{server.url}/clock?by={{seconds}}&at={{pieces_url}}",
        "PUT",
        (("X-Run", "{run}"),),
        '{"seconds": {seconds}, "none": {other}}',
    )
    controls(advance_clock=hook).advance(90.5)
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("PUT", "/clock?by=90.5&at=http://h:1/x")
    assert seen.headers["x-run"] == "r1"
    assert seen.body == b'{"seconds": 90.5, "none": {other}}'


def test_a_hook_is_a_command(tmp_path: Path, controls: Callable[..., hooks.HookControls]) -> None:
    file = tmp_path / "out"
    code = "import sys; open(sys.argv[1], 'a').write(' '.join(sys.argv[2:]) + '\\n')"
    hook = CommandHook(
        (sys.executable, "-c", code, str(file), "{operation}", "{status}", "{after}", "{message}")
    )
    made = controls(fail_next=hook)
    made.fail_next("listRecords", 503)
    made.fail_import_inside(4)
    made.fail_next_job("no disk; rm -rf /")
    assert file.read_text().splitlines() == [
        "listRecords 503 0 ",
        "importDatabase 500 4 ",
        "createExportJob 500 0 no disk; rm -rf /",
    ]


def test_a_hook_is_told_which_instance_it_acts_on(web: Start) -> None:
    server = web(lambda _: (200, {}, b""))
    telling = HttpHook(f"{server.url}/{{instance}}?at={{pieces_url}}&other={{pixiebrix_url}}")
    silent = HttpHook(f"{server.url}/silent")
    target = Target(
        "t",
        endpoints={"pieces": Endpoint("http://h:1", second_url="http://h:2")},
        hooks=(("advance_clock", telling), ("reset", silent)),
        hook_urls=(("pieces", "http://h:1"), ("pixiebrix", "http://h:3/api")),
    )
    with Wire(PACE.wire) as wire:
        first, second = (
            hooks.HookControls(target, "r1", wire),
            hooks.HookControls(target, "r1", wire, second=True),
        )
        first.advance(1)
        second.advance(1)
        first.reset()
        with pytest.raises(
            NotVerified, match=r"reset cannot tell the second .*: use one of \{instance\}, \{pieces_"
        ):
            second.reset()
    assert [seen.path for seen in server.seen] == [
        "/first?at=http://h:1&other=http://h:3/api",
        "/second?at=http://h:2&other=http://h:3/api",
        "/silent",
    ]


def test_a_hook_calls_operations_as_the_target_does(
    web: Start, controls: Callable[..., hooks.HookControls]
) -> None:
    server = web(lambda _: (200, {}, b""))
    names = (("importDatabase", "import_db"),)
    made = controls(fail_next=HttpHook(f"{server.url}/{{operation}}", operations=names))
    made.fail_import_inside(1)
    made.fail_next("listRecords", 503)
    assert [seen.path for seen in server.seen] == ["/import_db", "/listRecords"]


def test_midnight_is_the_clock_and_the_nightly_job(
    web: Start, controls: Callable[..., hooks.HookControls]
) -> None:
    server = web(lambda _: (200, {}, b""))
    made = controls(
        advance_clock=HttpHook(f"{server.url}/clock/{{seconds}}"),
        run_nightly=HttpHook(f"{server.url}/nightly"),
    )
    made.advance_to_next_midnight(lambda: datetime(2026, 1, 31, 23, 59, 30, tzinfo=UTC))
    assert [seen.path for seen in server.seen] == ["/clock/35", "/nightly"]


@pytest.mark.parametrize(
    ("hook", "words"),
    [
        (
            CommandHook((sys.executable, "-c", "import sys; sys.exit('no clock here')")),
            "status 1: no clock here",
        ),
        (CommandHook(("./nowhere",)), "did not work"),
        (CommandHook((sys.executable, "-c", "import time; time.sleep(60)"), 0.2), "did not work"),
        (HttpHook("http://127.0.0.1:9/"), "did not work"),
    ],
)
def test_a_hook_that_fails_leaves_the_rule_open(
    controls: Callable[..., hooks.HookControls], hook: HttpHook | CommandHook, words: str
) -> None:
    with pytest.raises(NotVerified, match=words):
        controls(advance_clock=hook).advance(1)


def test_a_hook_that_is_refused_leaves_the_rule_open(
    web: Start, controls: Callable[..., hooks.HookControls]
) -> None:
    server = web(lambda _: (403, {}, b"not you"))
    with pytest.raises(NotVerified, match="was answered 403: not you"):
        controls(reset=HttpHook(server.url)).reset()


def test_without_hooks_nothing_can_be_done(controls: Callable[..., hooks.HookControls]) -> None:
    made = controls()
    assert made.now() is None
    orders: list[tuple[Callable[[], None], tuple[str, ...]]] = [
        (lambda: made.advance(1), ("clock",)),
        (lambda: made.advance_to_next_midnight(lambda: datetime.now(UTC)), ("clock",)),
        (lambda: made.fail_next("x", None), ("inject",)),
        (made.reset, ("second",)),
    ]
    for order, missing in orders:
        with pytest.raises(NotVerified) as caught:
            order()
        assert caught.value.missing == missing


def test_a_header_cannot_be_smuggled_through_a_link() -> None:
    """A line break in a Location is percent-encoded or taken out, not sent."""
    request = Request("GET", "http://h/")
    received = Received(302, "Found", (("Location", "/a\r\nX-Evil: 1"),), b"", 0.1)
    following = redirected(request, received)
    assert following is not None
    assert not set("\r\n ") & set(following.url)
