"""What must not leave the kit: tokens and signatures of links, wherever they stand, however encoded."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import quote

MASK = "***"
TOKEN = "$TOKEN"  # noqa: S105 (the placeholder that stands for one)
LEAST: Final = 6
"""How many consecutive characters of a secret are masked, in any case; fewer tell nothing."""

_SIGNED = (
    r"x-amz-(?:signature|credential|security-token|policy)|"
    r"signature|sig|policy|awsaccesskeyid|key-pair-id|access_token|token"
)
# Links, also inside JSON or HTML: the name after ? or & in any of its spellings, up to the end of the value.
_QUERY = re.compile(rf"""((?:[?&]|\\u0026|&amp;)(?:{_SIGNED})=)[^&\s"'<>\\]+""", re.IGNORECASE)
# The fields of a presigned upload: as JSON, and as parts of a multipart form.
_JSON = re.compile(rf"""("(?:{_SIGNED})"\s*:\s*")(?:[^"\\]|\\.)*""", re.IGNORECASE)
_BEGUN = rf"""name="(?:{_SIGNED})"\r?\n"""
# A header line in which a further part begins is left to that one: a text that only begins parts, in a row,
# would take its square.
_FORM = re.compile(rf"""({_BEGUN}(?:(?![^\r\n]*{_BEGUN})[^\r\n]++\r?\n)*+\r?\n)[^\r\n]*""", re.IGNORECASE)

_SECRET_HEADERS = frozenset({"cookie", "set-cookie", "proxy-authorization", "x-api-key"})
_OF_CREDENTIALS = re.compile(r"auth|key|token|secret|cookie|password|session|credential", re.IGNORECASE)
_LONG = 12
"""A word of a header is taken for a credential from this many characters on."""

# One character, spelled as URLs, JSON, shells or HTML spell it; a NUL is every other byte of UTF-16.
_SPELLED = re.compile(
    r"%([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|&#[xX]([0-9a-fA-F]{1,5});|&#([0-9]{1,6});|\0"
)
_SPELLED_TWICE = 2
VARIABLE: Final = re.compile(r"\$(?:(?:[A-Z]+_)*TOKEN|HEADER_[A-Z0-9_]+)(?![A-Za-z0-9_])")
"""What a secret is replaced by: a variable of the shell, so that a command line can be pasted."""

_SHORT: Final = 2_048
_REMEMBERED: Final = 8_192
"""How many texts of this many characters are known again."""

_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Secret:
    """Something that must not be shown.

    Attributes:
        name: of the variable that stands for it, without the `$`.
        header: the configured header whose value it is, or is part of; None for a token.
        whole: only the whole of it is secret, and a part of it tells nothing.
    """

    value: str = field(repr=False)
    name: str = "TOKEN"
    header: str | None = None
    whole: bool = False


def header_secrets(headers: Iterable[tuple[str, str]]) -> Iterator[Secret]:
    """The secrets in configured headers: the values, and long words in them, as behind `Bearer`."""
    for header, value in headers:
        name = "HEADER_" + re.sub(r"[^A-Z0-9]", "_", header.upper())
        credentials = [word for word in value.split() if len(word) >= _LONG]
        if not _OF_CREDENTIALS.search(header):
            credentials = []
        yield Secret(value, name, header, whole=credentials != [value])
        for word in credentials:
            if word != value:
                yield Secret(word, f"{name}_VALUE", header)


class Redactor:
    """Masks the secrets of one run in texts and headers: whole or in part, plain or encoded, in any case.

    A whole secret becomes the variable that stands for it, `$TOKEN`; a part of one, or one in base64, in hex
    or percent-encoded, `***`.
    """

    def __init__(self, secrets: Iterable[str | Secret] = ()) -> None:
        """Take the secrets of the target; empty ones are ignored, and of equal ones the first counts."""
        known: dict[str, Secret] = {}
        for one in secrets:
            secret = one if isinstance(one, Secret) else Secret(one)
            if secret.value:
                known.setdefault(secret.value, secret)
        # The longest first: one secret may be the beginning of another.
        ordered = sorted(known.values(), key=lambda secret: len(secret.value), reverse=True)
        self._long = [(one.value, f"${one.name}") for one in ordered if len(one.value) >= LEAST]
        self._short = lru_cache(maxsize=_REMEMBERED)(self._masked)
        self._parts = _parts([one for one in ordered if len(one.value) >= LEAST])
        # A short token may be a part of any word, and is masked only where it is a word of its own; a short
        # value of a header, 1 for example, only there.
        words = "|".join(
            re.escape(one.value) for one in ordered if len(one.value) < LEAST and one.header is None
        )
        self._words = re.compile(rf"(?<![\w-])(?:{words})(?![\w-])") if words else None
        self._names = {one.value: f"${one.name}" for one in ordered}
        self._headers = {
            one.header.lower(): (one.value, f"${one.name}")
            for one in reversed(ordered)
            if one.header is not None and not one.name.endswith("_VALUE")
        }

    def text(self, text: str) -> str:
        """The text with secrets as `$TOKEN` or `***`, and the values of signatures as `***`."""
        # Each text of the evidence is masked several times on its way into a report.
        return self._short(text) if len(text) <= _SHORT else self._masked(text)

    def _masked(self, text: str) -> str:
        if self._parts:
            text = self._without_secrets(text)
        if self._words is not None:
            text = self._words.sub(lambda found: self._names[found[0]], text)
        if "=" in text:
            text = _QUERY.sub(rf"\1{MASK}", text)
        if '"' in text:
            text = _FORM.sub(rf"\1{MASK}", _JSON.sub(rf"\1{MASK}", text))
        return text

    def header(self, name: str, value: str) -> str:
        """The value of a header, masked."""
        lowered = name.lower()
        configured, variable = self._headers.get(lowered, (None, ""))
        if configured is not None and value == configured:
            return variable
        if lowered in _SECRET_HEADERS:
            return MASK
        if lowered == "authorization":
            scheme, space, credentials = value.partition(" ")
            return f"{scheme} {self.text(credentials)}" if space else self.text(value)
        return self.text(value)

    def content(self, content: bytes) -> bytes:
        """Bytes that are not text, with what is secret in them masked."""
        text = content.decode("latin-1")
        masked = self.text(text)
        return content if masked == text else masked.encode("latin-1", "replace")

    def _without_secrets(self, text: str) -> str:
        taken = bytearray(len(text))
        spans: list[tuple[int, int, str]] = []
        for value, variable in self._long:
            for start, end in _occurrences(text, value):
                if not any(taken[start:end]):
                    taken[start:end] = b"\1" * (end - start)
                    spans.append((start, end, variable))
        # What stands for a secret is none, even if it is called alike.
        variables = [found.span() for found in VARIABLE.finditer(text)] if "$" in text else []
        for start, end in variables:
            taken[start:end] = b"\1" * (end - start)
        spans += [(start, end, MASK) for start, end in self._partial(text, taken)]
        if not spans:
            return text
        pieces, at = [], 0
        for start, end, shown in sorted(spans):
            pieces += [text[at:start], shown]
            at = end
        return "".join([*pieces, text[at:]])

    def _partial(self, text: str, taken: bytearray) -> Iterator[_Span]:
        """Where parts of secrets, and encoded ones, stand outside of what is taken."""
        found = list(self._found_in(_small(text)))
        # Where each character came from costs a multiple, and is asked only where something is hidden.
        if any(any(self._found_in(_small(undone))) for undone in _undone(text)):
            for undone, spots in _undone_with_spots(text):
                spans = self._found_in(_small(undone))
                found += [(spots[start][0], spots[end - 1][1]) for start, end in spans]
        at = 0
        for start, end in _merged(found):
            begin = max(start, at)
            for place in range(begin, end + 1):
                if place == end or taken[place]:
                    if begin < place:
                        yield begin, place
                    begin = place + 1
            at = end

    def _found_in(self, folded: str) -> Iterator[_Span]:
        for size, (parts, run) in self._parts.items():
            for stretch in run.finditer(folded):
                first, last = stretch.span()
                for start in range(first, last - size + 1):
                    if folded[start : start + size] in parts:
                        yield start, start + size


def _parts(secrets: Iterable[Secret]) -> dict[int, tuple[frozenset[str], re.Pattern[str]]]:
    """The parts of secrets that must not be shown, in small letters, by their length.

    With each length comes what finds the stretches that can hold one at all.
    """
    by_size: dict[int, set[str]] = {}
    for secret in secrets:
        for form, size in _forms(secret):
            windows = {form[start : start + size] for start in range(len(form) - size + 1)}
            by_size.setdefault(size, set()).update(windows)
    return {
        size: (
            frozenset(parts),
            re.compile(f"[{re.escape(''.join(sorted(set().union(*parts))))}]{{{size},}}"),
        )
        for size, parts in by_size.items()
    }


def _forms(secret: Secret) -> Iterator[tuple[str, int]]:
    """A secret plain, in hex and in base64, each with the length of the parts that are masked."""
    value = secret.value
    least = len(value) if secret.whole else LEAST
    yield _small(value), least
    content = value.encode(errors="surrogatepass")
    yield content.hex(), 2 * least
    for before in range(3):  # what stands before the secret shifts its base64
        encoded = base64.b64encode(b"\0" * before + content).decode().rstrip("=")
        # The first characters, and often the last one, hold bits of the neighbours.
        form = encoded[(0, 2, 3)[before] : None if (before + len(content)) % 3 == 0 else -1].lower()
        size = min(len(form), least * 4 // 3)
        yield form, size
        yield form.replace("+", "-").replace("/", "_"), size
    percent = quote(value, safe="")
    if secret.whole and percent != value:
        yield percent.lower(), len(percent)


def _small(text: str) -> str:
    """The text in small letters, with as many characters as before."""
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in text)


def _undone(text: str) -> Iterator[str]:
    """The text with its escapes undone, once and twice, as often as there are any."""
    for _ in range(_SPELLED_TWICE):
        if not _SPELLED.search(text):
            return
        text = _SPELLED.sub(lambda one: _sign(one) or "", text)
        yield text


def _undone_with_spots(text: str) -> Iterator[tuple[str, list[_Span]]]:
    """The same, and where each character came from."""
    spots = [(place, place + 1) for place in range(len(text))]
    for _ in range(_SPELLED_TWICE):
        if not _SPELLED.search(text):
            return
        text, spots = _unescaped(text, spots)
        yield text, spots


def _sign(found: re.Match[str]) -> str | None:
    """The character that is spelled; None for what stands for none."""
    percent, long, short, hexadecimal, decimal = found.groups()
    digits = percent or long or short or hexadecimal
    code = int(digits, 16) if digits else int(decimal) if decimal else 0
    return chr(code) if 0 < code <= 0x10FFFF else None


def _unescaped(text: str, spots: list[_Span]) -> tuple[str, list[_Span]]:
    signs: list[str] = []
    places: list[_Span] = []
    at = 0
    for found in _SPELLED.finditer(text):
        start, end = found.span()
        signs.append(text[at:start])
        places += spots[at:start]
        sign = _sign(found)
        if sign is not None:
            signs.append(sign)
            places.append((spots[start][0], spots[end - 1][1]))
        at = end
    signs.append(text[at:])
    places += spots[at:]
    return "".join(signs), places


def _occurrences(text: str, value: str) -> Iterator[_Span]:
    start = text.find(value)
    while start >= 0:
        yield start, start + len(value)
        start = text.find(value, start + len(value))


def _merged(spans: Iterable[_Span]) -> Iterator[_Span]:
    """Spans that touch or overlap as one, in order."""
    current: _Span | None = None
    for start, end in sorted(spans):
        if current is not None and start <= current[1]:
            current = current[0], max(current[1], end)
            continue
        if current is not None:
            yield current
        current = start, end
    if current is not None:
        yield current
