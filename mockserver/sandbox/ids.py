"""The one source of chance: ids that repeat when the seed does."""

from __future__ import annotations

import hashlib
import hmac
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
        return generator_state(self._random)

    def restore(self, state: str) -> None:
        """Go to where a generator stood.

        Raises:
            ValueError: the text is not such a state.
        """
        restore_generator(self._random, state)

    def __call__(self) -> str:
        """The next id, canonical lower case."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


def signing_secret(key: str, name: str) -> bytes:
    """The 32 bytes that sign the links of the sandbox of that name; they tell nothing of the key."""
    return hmac.new(key.encode(), f"dbcontract storage key/{name}".encode(), hashlib.sha256).digest()


def generator_state(generator: random.Random) -> str:
    """Where a generator stands, as text."""
    kind, numbers, _ = generator.getstate()
    return f"{kind}:" + ",".join(f"{number:x}" for number in numbers)


def restore_generator(generator: random.Random, state: str) -> None:
    """Put a generator where another one stood.

    Raises:
        ValueError: the text is not such a state.
    """
    kind, _, numbers = state.partition(":")
    try:
        generator.setstate((int(kind), tuple(int(number, 16) for number in numbers.split(",")), None))
    except (TypeError, ValueError, OverflowError):
        msg = "this is not where a generator can stand"
        raise ValueError(msg) from None
