"""The mock as a pytest fixture; installing the package registers it.

`dbcontract_mock` is a sandbox of the test's own on one server of the pytest process (under xdist, of each
worker). The server starts when the first test asks for it; until then nothing of it is imported.

Its clock stands still where its data set ends and export jobs are finished at once, so that every run sees
the same; the ids that are made in a test follow from the seed and the test's own name. A server that runs
already (`--dbcontract-mock-url`) keeps its own clock and pace.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import uuid
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from ..client import JournalEntry, MockClient
    from .coverage import Coverage

SHOWN_REQUESTS = 10
"""How many requests a failing test's report shows."""
SHOWN_BODY = 500
"""How many characters of a body it shows."""

_sandbox = pytest.StashKey["MockClient"]()
_coverage = pytest.StashKey["Coverage | None"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and ini keys."""
    group = parser.getgroup("dbcontract", "mock of the Pieces OS and PixieBrix Database APIs")
    group.addoption(
        "--dbcontract-data",
        metavar="NAME|FILE",
        help="The data set of dbcontract_mock: a name (see `dbcontract data`) or a file. Default: small.",
    )
    group.addoption("--dbcontract-seed", type=int, metavar="N", help="The seed of the data set. Default: 1.")
    group.addoption(
        "--dbcontract-mock-url",
        metavar="URL",
        help="Use this running mock instead of starting one. The environment may hold a token for it "
        "(PIXIEBRIX_TOKEN, or the like of another API), and DBCONTRACT_CONTROL_TOKEN.",
    )
    group.addoption(
        "--dbcontract-validate-responses",
        action="store_true",
        help="Let the mock that is started hold each of its responses against the description, too.",
    )
    _add_coverage_options(parser, group)
    parser.addini("dbcontract_data", "The data set of dbcontract_mock; a file as seen from the root folder.")
    parser.addini("dbcontract_seed", "The seed of the data set.", type="int", default=None)
    parser.addini("dbcontract_mock_url", "A running mock to use instead of starting one.")
    parser.addini(
        "dbcontract_validate_responses", "Let the mock check its own responses.", type="bool", default=False
    )


def _add_coverage_options(parser: pytest.Parser, group: Any) -> None:
    group.addoption(
        "--dbcontract-coverage",
        metavar="FORMAT:FILE",
        nargs="?",
        const="",
        action="append",
        help="Tell at the end what of the contract the suite met, and warn of what its client does wrong; "
        "with a value, also as a report: html:FILE, json:FILE or markdown:FILE. Repeatable.",
    )
    group.addoption(
        "--dbcontract-coverage-fail-under",
        type=float,
        metavar="PERCENT",
        help="Fail the session if less of the contract was met.",
    )
    group.addoption(
        "--dbcontract-strict-client",
        action="store_true",
        help="What the client does wrong is an error of the test that did it.",
    )
    parser.addini(
        "dbcontract_coverage", "Reports as --dbcontract-coverage has them, one a line.", type="linelist"
    )
    parser.addini(
        "dbcontract_coverage_fail_under", "Fail the session if less of the contract was met, in percent."
    )
    parser.addini(
        "dbcontract_strict_client", "Errors for what the client does wrong.", type="bool", default=False
    )
    parser.addini(
        "dbcontract_allow_findings", "Kinds of findings that are neither told nor errors.", type="args"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Describe the marker; gather what is met of the contract, if that is wanted."""
    config.addinivalue_line(
        "markers",
        "dbcontract(data=None, seed=None, **settings): begin the test's dbcontract_mock with another data "
        "set or seed, and with settings such as record_limit=50, job_pace=2.0, os_version='8.1.0'; allow= "
        "lists kinds of findings that its client may give rise to.",
    )
    config.stash[_coverage] = coverage = _coverage_of(config)
    if coverage is not None:
        config.pluginmanager.register(coverage, "dbcontract_coverage")


def _coverage_of(config: pytest.Config) -> Coverage | None:
    """What gathers what is met of the contract; None, and nothing is loaded, where nobody wants it."""
    names = ("dbcontract_coverage", "dbcontract_coverage_fail_under", "dbcontract_strict_client")
    given = (config.getoption(name) for name in names)
    if not any(one is not None and one is not False for one in given) and not any(map(config.getini, names)):
        return None
    from .coverage import Coverage  # noqa: PLC0415 - only those pay for it who want it

    try:
        return Coverage(config)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


class _Choices:
    """What the user chose: on the command line, else in the configuration file, else None."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @property
    def data(self) -> str | None:
        """A name, or the absolute path of a file."""
        given = self._config.getoption("dbcontract_data")
        if given:
            return _name_or_path(given, self._config.invocation_params.dir)
        configured = self._config.getini("dbcontract_data")
        return _name_or_path(configured, self._config.rootpath) if configured else None

    @property
    def seed(self) -> int | None:
        given = self._config.getoption("dbcontract_seed")
        return cast("int | None", self._config.getini("dbcontract_seed") if given is None else given)

    @property
    def url(self) -> str | None:
        name = "dbcontract_mock_url"
        return self._config.getoption(name) or self._config.getini(name) or None

    @property
    def validate_responses(self) -> bool:
        name = "dbcontract_validate_responses"
        return bool(self._config.getoption(name) or self._config.getini(name))


def _told(reason: str) -> Exception:
    """What ends a fixture with one line instead of a traceback through this file."""
    return cast("Exception", pytest.fail.Exception(reason, pytrace=False))


def _name_or_path(given: str, folder: Path) -> str:
    path = folder / given
    return str(path) if path.is_file() else given


@pytest.fixture(scope="session")
def dbcontract_mock_server(pytestconfig: pytest.Config) -> Iterator[MockClient]:
    """The server of this pytest process, as a client of its default sandbox, which all tests share.

    `with dbcontract_mock_server.sandbox() as mock:` makes a sandbox for a fixture of a wider scope.
    """
    from ..client import MockClient, MockError  # noqa: PLC0415 - only those pay for it who use it

    choices = _Choices(pytestconfig)
    coverage = pytestconfig.stash[_coverage]
    if choices.url is None:
        with (
            _own_server(choices, coverage=coverage is not None) as url,
            _reached_directly(url),
            MockClient(url) as mock,
        ):
            yield _gathered(mock, coverage)
            if coverage is not None:
                coverage.learn(mock, own=True)
        return
    try:
        mock = MockClient(
            choices.url,
            token=_token(),
            control_token=os.environ.get("DBCONTRACT_CONTROL_TOKEN"),
        )
        mock.health()
    except (MockError, ValueError) as error:
        raise _told(f"--dbcontract-mock-url: {error}") from None
    with mock, _reached_directly(mock.base_url):
        yield _gathered(mock, coverage)
        if coverage is not None:
            coverage.learn(mock, own=False)


def _gathered(mock: MockClient, coverage: Coverage | None) -> MockClient:
    """The client, whose sandboxes tell what was met in them before they go."""
    if coverage is not None:
        mock.before_parting(coverage.part)
    return mock


def _token() -> str | None:
    """The token that the environment holds for a mock that runs already: of the first API that has one."""
    from ..apis.base import served_apis  # noqa: PLC0415 - only those pay for it who use it

    variables = (api.token_variable for api in served_apis().values())
    return next((os.environ[name] for name in variables if name is not None and name in os.environ), None)


@contextlib.contextmanager
def _reached_directly(url: str) -> Iterator[None]:
    """Keep a proxy of the environment from the clients that are tested, and their processes."""
    from ..server.no_proxy import without_proxy  # noqa: PLC0415 - only those pay for it who use it

    with pytest.MonkeyPatch.context() as patch:
        for name, value in without_proxy(os.environ, url).items():
            patch.setenv(name, value)
        yield


@contextlib.contextmanager
def _own_server(choices: _Choices, *, coverage: bool) -> Iterator[str]:
    with contextlib.ExitStack() as stack:
        with warnings.catch_warnings():
            # What the web framework's imports warn of is nothing that a user's `-W error` should stop at.
            warnings.simplefilter("ignore")
            from ..sandbox.errors import SettingsError  # noqa: PLC0415
            from ..sandbox.settings import ClockSetting, Settings  # noqa: PLC0415
            from ..server.run import ServerThread, StartError  # noqa: PLC0415 - takes a second

            try:
                settings = Settings(
                    port=0,
                    data=choices.data or "small",
                    seed=1 if choices.seed is None else choices.seed,
                    clock=ClockSetting(frozen=True),
                    job_seconds=0,
                    validate_responses=choices.validate_responses,
                    coverage=coverage,
                )
                running = stack.enter_context(ServerThread(settings))
            except (SettingsError, StartError) as error:
                raise _told(f"dbcontract mock: {error}") from None
        yield running.base_url


@pytest.fixture(scope="session")
def _dbcontract_run(pytestconfig: pytest.Config) -> str:
    """Goes into the names of sandboxes, where other runs may use the server at the same time."""
    return "" if _Choices(pytestconfig).url is None else uuid.uuid4().hex


@pytest.fixture
def dbcontract_mock(
    request: pytest.FixtureRequest, dbcontract_mock_server: MockClient, _dbcontract_run: str
) -> Iterator[MockClient]:
    """A mock of both APIs for this test alone; see `dbcontract.mockserver.client.MockClient`."""
    node = request.node
    with dbcontract_mock_server.sandbox(sandbox_name(node.name, f"{_dbcontract_run}{node.nodeid}")) as mock:
        allowed = _prepare(mock, node, own_server=not _dbcontract_run)
        coverage = node.config.stash[_coverage]
        if coverage is not None:
            _name(coverage, mock, node, allowed)
        node.stash[_sandbox] = mock
        try:
            yield mock
        finally:
            del node.stash[_sandbox]


def sandbox_name(test: str, unique: str) -> str:
    """A sandbox name that shows a test's name and is as unique as the second argument."""
    shown = re.sub(r"[^A-Za-z0-9_]+", "-", test)[:40].strip("-_")
    digest = hashlib.blake2s(unique.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{shown}-{digest}" if shown else digest


def _name(coverage: Coverage, mock: MockClient, node: pytest.Item, allowed: object) -> None:
    try:
        coverage.name(mock, node.nodeid, allowed)
        mock.coverage.clear()  # a running mock may count from here on only
    except (TypeError, ValueError) as error:
        raise _told(f"@pytest.mark.dbcontract: {error}") from None


def _prepare(mock: MockClient, node: pytest.Item, *, own_server: bool) -> object:
    """Give the sandbox what the test's markers and, on somebody else's server, the options ask for.

    Returns:
        What a marker allows: kinds of findings.
    """
    from ..client import MockError  # noqa: PLC0415 - loaded already, by the server's fixture

    asked: dict[str, Any] = {}
    if not own_server:
        choices = _Choices(node.config)
        asked = {"data": choices.data, "seed": choices.seed}
    for marker in reversed(list(node.iter_markers("dbcontract"))):
        if marker.args:
            raise _told(f"@pytest.mark.dbcontract takes keywords only, not {marker.args[0]!r}")
        asked |= marker.kwargs
    allowed: object = asked.pop("allow", ())
    if not asked:
        return allowed
    data, seed = asked.pop("data", None), asked.pop("seed", None)
    try:
        if data is not None or seed is not None:
            data = None if data is None else _name_or_path(data, node.config.rootpath)
            mock.reset(data=data, seed=seed)
        if asked:
            mock.settings(**asked)
    except (MockError, TypeError) as error:
        raise _told(f"@pytest.mark.dbcontract: {error}") from None
    return allowed


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the last requests in the report of a test that fails."""
    report = yield
    mock = item.stash.get(_sandbox, None)
    if mock is not None and report.failed:
        title, text = _last_requests(mock)
        report.sections.append((title, text))
    return report


def _last_requests(mock: MockClient) -> tuple[str, str]:
    from ..client import MockError  # noqa: PLC0415 - loaded already, by the fixture

    title = "dbcontract_mock: last requests"
    try:
        entries = mock.requests(limit=SHOWN_REQUESTS)
    except MockError as error:
        return title, f"unknown: {error}"
    if not entries:
        return title, f"none came to {mock.base_url}"
    return title, "\n".join(line for entry in entries for line in _shown(entry))


def _shown(entry: JournalEntry) -> Iterator[str]:
    query = f"?{entry.query}" if entry.query else ""
    answer = entry.status or "closed without an answer"
    operation = entry.operation or "no operation"
    yield f"{entry.number}. {entry.method} {entry.path}{query} -> {answer} ({operation})"
    if entry.request.body:
        yield f"   sent: {_excerpt(entry.request.body)}"
    if entry.status >= 400 and entry.response.body:
        yield f"   got:  {_excerpt(entry.response.body)}"


def _excerpt(body: str) -> str:
    """The beginning in one line, without anything that a terminal would obey."""
    shown = "".join(map(_harmless, body[:SHOWN_BODY]))
    return shown + "..." if len(body) > SHOWN_BODY else shown


def _harmless(sign: str) -> str:
    if sign.isprintable():
        return sign
    return " " if sign.isspace() else "\N{REPLACEMENT CHARACTER}"
