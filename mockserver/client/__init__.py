"""A client of one sandbox of a running mock, for tests and scripts in Python."""

from .controls import ClockControl, CoverageControl, DefectControl, FaultControl
from .http import MockError, SandboxBeganAnew
from .mock_client import MockClient
from .types import ClientFinding, Database, Fault, JournalEntry, Message, MockSettings

__all__ = [
    "ClientFinding",
    "ClockControl",
    "CoverageControl",
    "Database",
    "DefectControl",
    "Fault",
    "FaultControl",
    "JournalEntry",
    "Message",
    "MockClient",
    "MockError",
    "MockSettings",
    "SandboxBeganAnew",
]
