from collections.abc import Iterator

import pytest

from .judging_pixiebrix import Judge, judging


@pytest.fixture(scope="module")
def judge(request: pytest.FixtureRequest) -> Iterator[Judge]:
    """A judge by the checks of `MODULES` of the test's own module."""
    with judging(*request.module.MODULES) as one:
        yield one
