"""Personal data replaced by others that look alike, the same by the same, so that filters still find them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Final

from faker import Faker

_EMAIL: Final = r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+"
_PHONE: Final = (
    r"(?<![\w.:/-])(?!\d{4}-\d{2}-\d{2}(?!\d))\+?\d{1,3}[ ./-]?\(?\d{2,4}\)?(?:[ ./-]\d{2,4}){2,4}(?![\w:-])"
)
_IN_TEXTS: Final = re.compile(rf"(?P<email>{_EMAIL})|{_PHONE}")
_TOKENS: Final = re.compile(r"\w+")
_WORDS: Final = re.compile(r"[a-z]+|[A-Z][a-z]*|[A-Z]+(?![a-z])")
_TITLES: Final = frozenset({"file", "host", "domain", "field", "class", "type", "format", "product", "app"})
_LEAST: Final = 4
_TRIES: Final = 20


class Pretender:
    """Gives for each personal text another one.

    What a field holds is told by the words of its name (`userName`, `street address`); e-mail addresses and
    phone numbers are found in any text, and what was replaced once is replaced wherever else it stands as a
    word.

    Args:
        seed: the same seed, the same data.
    """

    def __init__(self, seed: int = 1) -> None:
        self._seed = seed
        self._faker = Faker("en_US")
        self._known: dict[str, str] = {}
        self._taken: set[str] = set()
        self._lengths: dict[str, set[int]] = {}
        """Of what is known, by its first word: how many words it may have."""
        self._with_signs: dict[str, str] = {}
        """What is known, by itself without what stands before its first word and after its last one."""

    def bytes(self, numbers: list[int]) -> list[int]:
        """Bytes whose text is changed, JSON or plain; what is not a text stays."""
        try:
            text = bytearray(numbers).decode()
        except (ValueError, TypeError):
            return numbers
        try:
            changed = json.dumps(self.value(json.loads(text)), ensure_ascii=False, separators=(",", ":"))
        except (ValueError, RecursionError):
            changed = self.text(text)
        else:
            if json.loads(changed) == json.loads(text):
                return numbers
        return list(changed.encode())

    def value(self, value: Any, field: str = "") -> Any:
        """A JSON value, below a field of that name."""
        if isinstance(value, dict):
            return {name: self.value(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [self.value(one, field) for one in value]
        if not isinstance(value, str) or not value.strip():
            return value
        make = self._of_field(field)
        return self.text(value) if make is None or _is_email(value) else self._other(value, make)

    def text(self, text: str) -> str:
        """A text with what is personal in it replaced."""
        parts, at = [], 0
        for found in _IN_TEXTS.finditer(text):
            make = self._faker.safe_email if found["email"] else self._faker.phone_number
            parts += [self._renamed(text[at : found.start()]), self._other(found[0], make)]
            at = found.end()
        return "".join([*parts, self._renamed(text[at:])])

    def _renamed(self, text: str) -> str:
        """A text in which what is known is replaced where it stands as words, the longest first."""
        words = list(_TOKENS.finditer(text))
        parts, at, next_word = [], 0, 0
        for number, word in enumerate(words):
            if number < next_word:
                continue
            for length in sorted(self._lengths.get(word[0], ()), reverse=True):
                if number + length > len(words):
                    continue
                spoken = text[word.start() : words[number + length - 1].end()]
                known = self._with_signs.get(spoken, "")
                start = word.start() - known.find(spoken)
                if known and start >= at and text.startswith(known, start):
                    parts += [text[at:start], self._known[known]]
                    at, next_word = start + len(known), number + length
                    break
        return "".join([*parts, text[at:]])

    def _of_field(self, field: str) -> Callable[[], str] | None:
        words = {word.lower() for word in _WORDS.findall(field)}
        if words & _TITLES:
            return None
        if "name" in words or "author" in words or "fullname" in words:
            return self._name_of(words)
        kinds = (
            ({"email", "mail"}, self._faker.safe_email),
            ({"phone", "mobile", "telephone", "fax"}, self._faker.phone_number),
            ({"street", "address"}, self._faker.street_address),
            ({"city", "town"}, self._faker.city),
            ({"zip", "postcode", "zipcode"}, self._faker.postcode),
            ({"birthday", "birthdate", "dob"}, lambda: self._faker.date_of_birth().isoformat()),
            ({"ssn", "iban"}, self._faker.bothify),
        )
        return next((make for names, make in kinds if words & names), None)

    def _name_of(self, words: set[str]) -> Callable[[], str]:
        if "first" in words or "given" in words:
            return self._faker.first_name
        if "last" in words or "family" in words:
            return self._faker.last_name
        return self._faker.company if "company" in words or "organization" in words else self._faker.name

    def _other(self, text: str, make: Callable[[], str]) -> str:
        if text in self._taken:
            return text
        if text not in self._known:
            digest = blake2b(f"{self._seed}\0{text}".encode(errors="surrogatepass"), digest_size=8).digest()
            self._faker.seed_instance(int.from_bytes(digest, "big"))
            other = self._free(text, make)
            if len(text) < _LEAST:  # too short to be told from other words
                return other
            self._known[text] = other
            self._taken.add(other)
            words = list(_TOKENS.finditer(text))
            if words:
                self._lengths.setdefault(words[0][0], set()).add(len(words))
                self._with_signs.setdefault(text[words[0].start() : words[-1].end()], text)
        return self._known[text]

    def _free(self, text: str, make: Callable[[], str]) -> str:
        """Another text, which stands for nothing else; with a number where there are no more."""
        for _ in range(_TRIES):
            other = make()
            if other != text and other not in self._taken:
                return other
        name, at, domain = other.partition("@")
        return f"{name}{len(self._known)}{at}{domain}"


def _is_email(text: str) -> bool:
    found = _IN_TEXTS.fullmatch(text)
    return found is not None and found["email"] is not None
