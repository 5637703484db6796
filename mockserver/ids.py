"""The one source of chance: ids that repeat when the seed does."""

from __future__ import annotations

import hashlib
import random
import uuid


class IdSource:
    """Version 4 UUIDs drawn from a seeded generator."""

    __slots__ = ("_random",)

    def __init__(self, seed: int, name: str = "") -> None:
        self._random = random.Random(f"{seed}/{name}")  # noqa: S311 - repeatable on purpose

    @property
    def state(self) -> str:
        """Where the generator stands, as text; `restore` takes it."""
        kind, numbers, _ = self._random.getstate()
        return f"{kind}:" + ",".join(f"{number:x}" for number in numbers)

    def restore(self, state: str) -> None:
        """Go to where a generator stood.

        Raises:
            ValueError: the text is no such state.
        """
        kind, _, numbers = state.partition(":")
        try:
            self._random.setstate((int(kind), tuple(int(number, 16) for number in numbers.split(",")), None))
        except (TypeError, OverflowError) as error:
            raise ValueError(str(error)) from error

    def __call__(self) -> str:
        """The next id, canonical lower case."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


def signing_secret(seed: int, name: str = "") -> bytes:
    """The key that signs a world's links: 32 bytes, the same for the same seed."""
    return hashlib.sha256(f"dbcontract storage key {seed}/{name}".encode()).digest()
