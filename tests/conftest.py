"""What holds for all tests."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def folders_of_started_pytests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A pytest that a test starts has its temporary folders in one of these.

    Before it ends, it removes the old folders beside its own: those of earlier whole runs would keep it for
    longer than a test waits.
    """
    folder = tmp_path_factory.mktemp("started")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_DEBUG_TEMPROOT", str(folder))
        yield
