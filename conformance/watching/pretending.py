"""Personal data replaced by others that look alike, the same by the same, so that filters still find them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Final

from faker import Faker

_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+")
_PHONE: Final = re.compile(
    r"(?<![\w.:/-])(?!\d{4}-\d{2}-\d{2}(?!\d))\+?\d{1,3}[ ./-]?\(?\d{2,4}\)?(?:[ ./-]\d{2,4}){2,4}(?![\w:-])"
)
_WORDS: Final = re.compile(r"[a-z]+|[A-Z][a-z]*|[A-Z]+(?![a-z])")
_TITLES: Final = frozenset({"file", "host", "domain", "field", "class", "type", "format", "product", "app"})
_LEAST: Final = 4


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

    def entry(self, entry: dict[str, Any]) -> dict[str, Any]:
        """An entry of a data set without the personal data that could be told."""
        kind = entry.get("kind")
        if kind == "pieces":
            return {**entry, "export": self._export(entry["export"])}
        if kind == "record":
            return {**entry, **self._record(entry)}
        if kind == "archive":
            return {**entry, "records": [self._record(one) for one in entry["records"]]}
        if kind == "asset":
            return {**entry, "filename": self.text(entry["filename"])}
        return entry

    def _record(self, record: dict[str, Any]) -> dict[str, Any]:
        data = self.value(record["data"])
        return {**record, "id": self.text(record["id"]), "data": data}

    def _export(self, export: dict[str, Any]) -> dict[str, Any]:
        """An export whose texts are changed where its bytes are JSON; others stay as they are."""
        found: dict[str, Any] = {}
        for name, value in export.items():
            if isinstance(value, list):
                found[name] = self._bytes(value)
            elif isinstance(value, dict) and isinstance(value.get("iterable"), list):
                entries = [{**one, "raw": self._bytes(one["raw"])} for one in value["iterable"]]
                found[name] = {**value, "iterable": entries}
            else:
                found[name] = value
        return found

    def _bytes(self, numbers: list[int]) -> list[int]:
        try:
            text = bytes(numbers).decode()
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
        return self.text(value) if make is None or _EMAIL.fullmatch(value) else self._other(value, make)

    def text(self, text: str) -> str:
        """A text with what is personal in it replaced."""
        text = _EMAIL.sub(lambda found: self._other(found[0], self._faker.safe_email), text)
        text = _PHONE.sub(lambda found: self._other(found[0], self._faker.phone_number), text)
        for known, other in self._known.items():
            if known in text:
                text = re.sub(rf"(?<!\w){re.escape(known)}(?!\w)", other.replace("\\", r"\\"), text)
        return text

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
        if text in self._known.values():
            return text
        if text not in self._known:
            digest = blake2b(f"{self._seed}\0{text}".encode(errors="surrogatepass"), digest_size=8).digest()
            self._faker.seed_instance(int.from_bytes(digest, "big"))
            other = make()
            taken = set(self._known.values())
            while other in taken or other == text:
                other = make()
            if len(text) < _LEAST:  # too short to be told from other words
                return other
            self._known[text] = other
        return self._known[text]
