"""What must not leave the kit: tokens and the signatures of links, wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

MASK = "***"
TOKEN = "$TOKEN"  # noqa: S105 (the placeholder that stands for one)

_SIGNED = (
    r"x-amz-(?:signature|credential|security-token|policy)|"
    r"signature|sig|policy|awsaccesskeyid|key-pair-id|access_token|token"
)
# Links, also inside JSON or HTML: the name after ? or & in any of its spellings, up to the end of the value.
_QUERY = re.compile(rf"""((?:[?&]|\\u0026|&amp;)(?:{_SIGNED})=)[^&\s"'<>\\]+""", re.IGNORECASE)
# The fields of a presigned upload: as JSON, and as parts of a multipart form.
_JSON = re.compile(rf"""("(?:{_SIGNED})"\s*:\s*")(?:[^"\\]|\\.)*""", re.IGNORECASE)
_FORM = re.compile(rf"""(name="(?:{_SIGNED})"\r?\n(?:[^\r\n]+\r?\n)*\r?\n)[^\r\n]*""", re.IGNORECASE)

_SHORT = 8
_SECRET_HEADERS = frozenset({"cookie", "set-cookie", "proxy-authorization", "x-api-key"})


class Redactor:
    """Masks the secrets of one run in texts and headers."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Take the tokens of the target; empty ones are ignored."""
        known = {form for secret in secrets if secret for form in (secret, quote(secret, safe=""))}
        # The longest first: one secret may be the beginning of another.
        ordered = sorted(known, key=len, reverse=True)
        self._secrets = [secret for secret in ordered if len(secret) >= _SHORT]
        # A short one may be a part of any word, and is masked only where it is a word of its own.
        words = "|".join(re.escape(secret) for secret in ordered if len(secret) < _SHORT)
        self._words = re.compile(rf"(?<![\w-])(?:{words})(?![\w-])") if words else None

    def text(self, text: str) -> str:
        """The text with tokens as `$TOKEN` and the values of signatures as `***`."""
        for secret in self._secrets:
            text = text.replace(secret, TOKEN)
        if self._words is not None:
            text = self._words.sub(TOKEN, text)
        if "=" in text:
            text = _QUERY.sub(rf"\1{MASK}", text)
        if '"' in text:
            text = _FORM.sub(rf"\1{MASK}", _JSON.sub(rf"\1{MASK}", text))
        return text

    def header(self, name: str, value: str) -> str:
        """The value of a header, masked."""
        lowered = name.lower()
        if lowered in _SECRET_HEADERS:
            return MASK
        if lowered == "authorization":
            scheme, space, credentials = value.partition(" ")
            return f"{scheme} {self.text(credentials)}" if space else self.text(value)
        return self.text(value)
