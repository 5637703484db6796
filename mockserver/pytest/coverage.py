"""What a suite meets of the contract, and what its client does wrong: gathered by test, told at the end."""

from __future__ import annotations

import json
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

if TYPE_CHECKING:
    from ..client import MockClient
    from ..coverage.document import Document, Sum

OUTPUT: Final = "dbcontract_coverage"
SHOWN_BODY: Final = 300
FORMATS: Final = ("html", "json", "markdown")


class ClientFindingWarning(UserWarning):
    """A test's client does something wrong; the message begins with the kind, such as `token-to-storage`."""


class Coverage:
    """Gathers what the sandboxes of one pytest process, or of all workers, have met.

    Raises:
        pytest.UsageError: an option cannot be used.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._strict = bool(
            config.getoption("dbcontract_strict_client") or config.getini("dbcontract_strict_client")
        )
        given: list[str] | None = config.getoption("dbcontract_coverage")
        self._outputs = [
            _output(text, config) for text in given or config.getini("dbcontract_coverage") if text
        ]
        self._least = _least(config)
        self._reports = given is not None or bool(self._outputs) or self._least is not None
        self._names: dict[str, str] = {}
        self._allowed: dict[str, frozenset[str]] = {}
        self._everywhere = _kinds(config.getini("dbcontract_allow_findings"), "dbcontract_allow_findings")
        self._sum: Sum | None = None
        self._parts: list[tuple[Document, str | None]] = []
        self._told: list[tuple[str, bool]] = []

    def name(self, mock: MockClient, test: str, allowed: object) -> None:
        """Call a sandbox by the test that it is for.

        Raises:
            ValueError: there is no such kind of findings.
            TypeError: it is not a list of them.
        """
        self._names[mock.base_url] = test
        if not isinstance(allowed, Collection) or isinstance(allowed, str):
            raise TypeError(f"allow={allowed!r}: write a list of kinds of findings")
        self._allowed[mock.base_url] = _kinds(allowed, "allow")

    def part(self, mock: MockClient) -> None:
        """Take what was met in a sandbox, which goes, and tell what its client did wrong.

        Raises:
            pytest.fail.Exception: it did something wrong, and that or a warning is an error.
        """
        met = mock.coverage.document(only_met=True)
        test = self._names.pop(mock.base_url, None)
        allowed = self._everywhere | self._allowed.pop(mock.base_url, frozenset())
        met["findings"] = [one for one in met["findings"] if one["kind"] not in allowed]
        if met["requests"]:
            self._parts.append((met, test))
        wrong = [one for one in met["findings"] if self._strict or _is_error(one)]
        if wrong:
            text = "\n\n".join(_told(one) for one in wrong)
            raise cast("Exception", pytest.fail.Exception(f"the client does wrong:\n{text}", pytrace=False))

    def learn(self, mock: MockClient, *, own: bool) -> None:
        """Learn of a server, which is about to stop, what there is to meet; and take its default sandbox."""
        from ..coverage.document import Sum, emptied  # noqa: PLC0415 - only those pay for it who want it

        if self._sum is None:
            self._sum = Sum(emptied(mock.coverage.document()))
        if own:
            self.part(mock)

    def document(self) -> Document:
        """All that was met in this process and by its workers."""
        from ..coverage.document import Sum, nothing  # noqa: PLC0415

        if self._sum is None:
            self._sum = Sum(nothing(_contract()))
        for part, test in self._parts:
            self._sum.add(part, test)
        self._parts.clear()
        return self._sum.document()

    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker of xdist has gathered."""
        sent = getattr(node, "workeroutput", {}).get(OUTPUT)
        if sent:
            from ..coverage.document import Sum, emptied  # noqa: PLC0415

            met = json.loads(sent)
            self._sum = self._sum or Sum(emptied(met))
            self._parts.append((met, None))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Send what was gathered to the controller, or write the reports."""
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            if self._sum is not None:
                output[OUTPUT] = json.dumps(self.document())
            return
        if not self._reports or self._config.getoption("collectonly", default=False):
            return
        from ..coverage import report  # noqa: PLC0415

        found = self.document()
        self._told = [(line, False) for line in report.summary(found)]
        for form, path in self._outputs:
            self._write(form, path, report.FORMATS[form](found))
        percent = found["totals"]["percent"]
        if self._least is not None and percent < self._least:
            self._told.append((f"{percent:g} % is less than the {self._least:g} % that are asked for", True))
        if session.exitstatus == pytest.ExitCode.OK and any(wrong for _, wrong in self._told):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _write(self, form: str, path: Path, text: str) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", errors="surrogatepass")
        except OSError as error:
            self._told.append((f"--dbcontract-coverage={form}:{path}: {error.strerror}", True))
        else:
            self._told.append((f"{form} report: {path}", False))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell what was met."""
        if self._told:
            terminalreporter.write_sep("=", "coverage of the contract")
        for line, wrong in self._told:
            terminalreporter.write_line(_visible(line), red=wrong)


def _is_error(finding: Mapping[str, Any]) -> bool:
    """Warn of a finding; whether the user's filters make an error of it."""
    said = "; ".join(case["said"] for case in finding["cases"][:3])
    try:
        warnings.warn(ClientFindingWarning(f"{finding['kind']}: {finding['title']} ({said})"), stacklevel=3)
    except ClientFindingWarning:
        return True
    return False


def _output(text: str, config: pytest.Config) -> tuple[str, Path]:
    form, colon, name = text.partition(":")
    if form not in FORMATS or not colon or not name:
        raise pytest.UsageError(
            f"--dbcontract-coverage={text}: write FORMAT:FILE with FORMAT one of {', '.join(FORMATS)}, or "
            "nothing; a test's path stands before this option, or behind another one"
        )
    return form, config.invocation_params.dir / name


def _least(config: pytest.Config) -> float | None:
    given = config.getoption("dbcontract_coverage_fail_under")
    text = config.getini("dbcontract_coverage_fail_under") if given is None else given
    if text in {"", None}:
        return None
    try:
        least = float(text)
    except ValueError:
        least = -1.0
    if not 0 <= least <= 100:
        raise pytest.UsageError(f"--dbcontract-coverage-fail-under {text}: write a percentage from 0 to 100")
    return least


def _kinds(names: Collection[object], where: str) -> frozenset[str]:
    """The kinds of findings of these names.

    Raises:
        ValueError: there is none of such a name.
    """
    if not names:
        return frozenset()
    from ..apis.base import served_apis  # noqa: PLC0415
    from ..coverage.misuse import of_descriptions  # noqa: PLC0415

    brought = (one for api in served_apis().values() for one in api.misuses)
    known = {one.id for one in (*of_descriptions({}), *brought)}
    for name in names:
        if name not in known:
            raise ValueError(f'{where}: there is no finding "{name}"; choose from {", ".join(sorted(known))}')
    return frozenset(map(str, names))


def _contract() -> Any:
    """What there is to meet, where no server was asked."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as where a server is started
        from ..apis.base import served_apis  # noqa: PLC0415
        from ..control.coverage import contracts  # noqa: PLC0415

        return contracts(served_apis().values())()


def _told(finding: Mapping[str, Any]) -> str:
    """A finding with its exchanges."""
    lines = [f"{finding['kind']}: {finding['title']}", f"  {finding['remedy']} ({finding['level']})"]
    for case in finding["cases"]:
        shown = case["evidence"]
        query = f"?{shown['query']}" if shown["query"] else ""
        lines += [
            f"  {case['said']}",
            f"    {shown['method']} {shown['path']}{query} -> {shown['status'] or 'no answer'}",
            *(f"    {name}: {value}" for name, value in shown["request"]["headers"].items()),
        ]
        lines += [f"    sent: {shown['request']['body'][:SHOWN_BODY]}"] if shown["request"]["body"] else []
    return "\n".join(map(_visible, lines))


def _visible(line: str) -> str:
    """Without anything that a terminal would obey."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line)
