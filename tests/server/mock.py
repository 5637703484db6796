"""The mock server as these tests import it."""

from dbcontract.mockserver.sandbox.sandbox import Sandbox
from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings, TokenGrant
from dbcontract.mockserver.server.run import Running, ServerThread, StartError
from dbcontract.mockserver.state.instants import DAY, HOUR, SECOND, format_instant, parse_instant

__all__ = [
    "DAY",
    "HOUR",
    "NOW",
    "SECOND",
    "ClockSetting",
    "Running",
    "Sandbox",
    "ServerThread",
    "Settings",
    "StartError",
    "TokenGrant",
    "format_instant",
    "parse_instant",
    "settings",
]

NOW = "2024-05-10T12:00:00.000000Z"
"""Where the clock of a test's server stands."""


def settings(**changes: object) -> Settings:
    """Small data, any free port, a clock that stands still, every response held against the description."""
    options = changes.pop("options", {})
    assert isinstance(options, dict)
    values: dict[str, object] = {
        "port": 0,
        "clock": ClockSetting.parse(f"frozen@{NOW}"),
        "options": {"os_version": "9.2.1", "migration": 50, **options},
        "validate_responses": True,
        **changes,
    }
    return Settings(**values)  # type: ignore[arg-type]  # the names and types are those of the class
