"""One cause is one accusation: a server that ignores state is told so once, and not by every rule."""

import pytest

from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.authoring.check import discover
from dbcontract.conformance.catalogue.rules import load_all
from dbcontract.conformance.http.wire import Limits
from dbcontract.conformance.report import FORMATS, render
from dbcontract.conformance.results.results import BAD, RunResult, Verdict, tally
from dbcontract.conformance.runner.engine import Engine, Options
from dbcontract.conformance.target.target import Endpoint, Pace, Target

from .stateless import DATABASES, ORGANIZATION, stateless

PACE = Pace(check=20, job_poll=0.01, job_wait=0.2, wire=Limits(connect=1, read=20, total=40))
_OF_RECORDS = "PB-REC-"


@pytest.fixture(scope="module")
def run() -> RunResult:
    catalogue = load_all()
    with stateless() as url:
        target = Target(
            "stateless",
            endpoints={"pieces": Endpoint(url), "pixiebrix": Endpoint(f"{url}/api", "0a1b2c3d4e5f60718293")},
            capabilities=frozenset({"read", "write", "destroy", "storage"}),
            own=(Scratch(ORGANIZATION, DATABASES[:2], create_databases=True),),
            pace=PACE,
        )
        options = Options(fuzzing=None)
        versions = dict(catalogue.versions)
        return Engine(target, catalogue.rules, discover(), catalogues=versions, options=options).run()


def test_about_ten_failures_stand_for_all(run: RunResult) -> None:
    failed = [result for result in run.results if result.verdict in BAD]
    roots = [root for root, _ in run.causes]
    assert len(failed) > 100
    assert len([root for root in roots if root.verdict is Verdict.FAILED]) <= 12
    assert len(roots) <= 25, [root.rule.id for root in roots]
    # the gravest come first, and among them what most follows from
    assert roots[0].verdict is Verdict.FAILED
    assert len(run.causes[0][1]) > 20


def test_what_is_said_to_follow_has_done_what_failed(run: RunResult) -> None:
    """An unknown job that is found, or a version that is ignored, does not follow from lost records."""
    causes = {result.rule.id: result.because_of or "" for result in run.results}
    for rule in ("PB-JOB-18", "PB-JOB-20", "PB-NEG-05", "PB-ARCH-02", "PB-DB-12", "PI-ERR-04"):
        assert not causes[rule].startswith(_OF_RECORDS), (rule, causes[rule])
    # while a list that lacks what was written does
    for rule in ("PB-REC-03", "PB-FILT-16", "PB-CSV-03"):
        assert causes[rule].startswith(_OF_RECORDS), (rule, causes[rule])


def test_each_report_gives_the_four_numbers(run: RunResult) -> None:
    numbers = tally(run)
    assert numbers.alone + numbers.follow_ups <= numbers.verified
    words = (
        f"{numbers.verified} verified, {numbers.alone} failed on their own, "
        f"{numbers.follow_ups} follow-ups, {numbers.not_verified} not verified"
    )
    for form in FORMATS.keys() - {"json"}:
        assert words in render(form, run), form
