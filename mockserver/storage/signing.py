"""Presigned links and uploads in the shape of S3's, signed by HMAC-SHA256.

The parameters are named and placed as Signature Version 4 has them. The signature itself is simpler: one HMAC
under the sandbox's own secret, over the method, the path below the prefix of the sandbox, and all other
parameters. The host is not signed, so that a mock may stand behind any name.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from ..extension_point import ExtensionPoint
from ..state.instants import HOUR, SECOND, format_instant, parse_instant
from .disposition import content_disposition
from .errors import AccessDenied, EntityTooLarge, Expired

PATH = "/_storage/"
MAX_UPLOAD_BYTES = 100 * 1024 * 1024
_ALGORITHM = "AWS4-HMAC-SHA256"
SIGNATURE = "X-Amz-Signature"
# Outside S3's vocabulary: the instant of issue in µs. X-Amz-Date has whole seconds, and a link that counted
# from there would die up to a second before its hour is over.
ISSUED = "x-issued"
# Also outside of it: the link is where the API redirects to. On the vendor's site that is another origin, and
# clients leave their Authorization header behind; here it is the same one, and they bring it along.
FROM_REDIRECT = "x-from-redirect"
# Fields that a form may have without its policy naming them.
_FREE_FIELDS = frozenset({"policy", "x-amz-signature", "content-type"})


@dataclass(frozen=True, slots=True)
class UploadGrant:
    """What a verified upload may do: store one object under this key, with this file name."""

    key: str
    filename: str


class Signer:
    """Makes and verifies signatures under one secret.

    All instants and lifetimes are µs; lifetimes are whole seconds. What is issued at `now` works as long as
    the clock shows less than `now + lifetime`, and also when it is moved back before `now`.
    """

    __slots__ = ("secret",)

    def __init__(self, secret: bytes) -> None:
        self.secret = secret

    def presigned_get(
        self,
        base: str,
        key: str,
        now: int,
        *,
        lifetime: int = HOUR,
        filename: str | None = None,
        content_type: str | None = None,
        from_redirect: bool = False,
    ) -> str:
        """A link that downloads `key`, with GET.

        Args:
            base: absolute URL before `/_storage/` with the sandbox's prefix, such as `http://127.0.0.1:5323/~one`.
            key: of the object; any text.
            now: the instant of issue.
            lifetime: how long the link works.
            filename: the name under which it is saved.
            content_type: the media type with which it is answered.
            from_redirect: an Authorization header beside the signature does no harm.

        Raises:
            ValueError: the lifetime is not a positive number of whole seconds.
        """
        query = {
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": _credential(now),
            "X-Amz-Date": _basic_date(now),
            "X-Amz-Expires": str(_seconds(lifetime)),
            "X-Amz-SignedHeaders": "host",
            ISSUED: str(now),
        }
        if filename is not None:
            query["response-content-disposition"] = content_disposition(filename)
        if content_type is not None:
            query["response-content-type"] = content_type
        if from_redirect:
            query[FROM_REDIRECT] = "1"
        query[SIGNATURE] = self._sign_get(PATH + key, query.items())
        return f"{base.rstrip('/')}{_quote(PATH + key)}?{_query_text(query.items())}"

    def verify(self, method: str, path: str, query: Iterable[tuple[str, str]], now: int) -> None:
        """Accept a request for a presigned link, or raise.

        Args:
            method: GET; a signature is for one method, and these are for no other.
            path: decoded, without the sandbox's prefix, such as `/_storage/assets/…`.
            query: all decoded parameters; one that was added or changed makes the signature wrong, as on S3.
            now: the present instant.

        Raises:
            AccessDenied: there is no signature, or not one of ours for this request.
            Expired: the link's time is over.
        """
        pairs = list(query)
        others = [pair for pair in pairs if pair[0] != SIGNATURE]
        signatures = [value for name, value in pairs if name == SIGNATURE]
        if method != "GET" or len(signatures) != 1:
            raise AccessDenied
        if not _same(signatures[0], self._sign_get(path, others)):
            raise AccessDenied
        signed = dict(others)
        expires = int(signed[ISSUED]) + int(signed["X-Amz-Expires"]) * SECOND
        if now >= expires:
            raise Expired(
                "Request has expired",
                {
                    "X-Amz-Expires": signed["X-Amz-Expires"],
                    "Expires": format_instant(expires),
                    "ServerTime": format_instant(now),
                },
            )

    def presigned_post(
        self,
        base: str,
        key: str,
        now: int,
        *,
        lifetime: int = HOUR,
        filename: str,
        max_bytes: int = MAX_UPLOAD_BYTES,
    ) -> tuple[str, dict[str, str]]:
        """Where and with which form fields `key` is uploaded; the form's `file` comes last.

        The form may add a `Content-Type` field, which becomes the object's.

        Args:
            base: absolute URL before `/_storage/`, the sandbox's prefix included.
            key: under which the file is stored.
            now: the instant of issue.
            lifetime: how long the upload may begin.
            filename: the name under which the object is later saved.
            max_bytes: the largest file.

        Raises:
            ValueError: the lifetime is not a positive number of whole seconds.
        """
        fields = {
            "key": key,
            "success_action_status": "204",
            "x-amz-algorithm": _ALGORITHM,
            "x-amz-credential": _credential(now),
            "x-amz-date": _basic_date(now),
        }
        policy = {
            "expiration": format_instant(now + _seconds(lifetime) * SECOND),
            "conditions": [
                *({name: value} for name, value in fields.items()),
                ["content-length-range", 0, max_bytes],
            ],
            "filename": filename,
        }
        text = base64.b64encode(json.dumps(policy, separators=(",", ":")).encode()).decode()
        fields |= {"policy": text, "x-amz-signature": self._sign(f"POST\n{text}")}
        return f"{base.rstrip('/')}{PATH}", fields

    def verify_post(self, fields: Mapping[str, str], size: int, now: int) -> UploadGrant:
        """Accept an upload, or raise.

        Args:
            fields: the form's fields before `file`, names in lower case.
            size: of the file, in bytes.
            now: the present instant.

        Raises:
            AccessDenied: the policy is not ours, or a field is missing, wrong, or not foreseen.
            Expired: the policy's time is over.
            EntityTooLarge: the file is larger than the policy allows.
        """
        text = fields.get("policy", "")
        if not _same(fields.get("x-amz-signature", ""), self._sign(f"POST\n{text}")):
            raise AccessDenied
        policy: dict[str, Any] = json.loads(base64.b64decode(text))  # signed by us, so made by us
        if now >= parse_instant(policy["expiration"]):
            raise Expired("Invalid according to Policy: Policy expired.")
        *exact, (_, smallest, largest) = policy["conditions"]
        foreseen: dict[str, str] = {name: value for condition in exact for name, value in condition.items()}
        for name, value in foreseen.items():
            if fields.get(name) != value:
                raise AccessDenied(
                    f'Invalid according to Policy: Policy Condition failed: ["eq", "${name}", "{value}"]'
                )
        extra = sorted(
            name
            for name in fields.keys() - foreseen.keys() - _FREE_FIELDS
            if not name.startswith("x-ignore-")
        )
        if extra:
            raise AccessDenied(f"Invalid according to Policy: Extra input fields: {', '.join(extra)}")
        if not smallest <= size <= largest:
            raise EntityTooLarge(largest, size)
        return UploadGrant(foreseen["key"], policy["filename"])

    def _sign_get(self, path: str, query: Iterable[tuple[str, str]]) -> str:
        return self._sign(f"GET\n{_quote(path)}\n{_query_text(sorted(query))}")

    def _sign(self, text: str) -> str:
        return hmac.new(self.secret, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


SIGNER: Final = ExtensionPoint("signer", Signer)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def _seconds(lifetime: int) -> int:
    seconds, rest = divmod(lifetime, SECOND)
    if rest or seconds <= 0:
        raise ValueError(f"lifetime {lifetime} µs: it must be a positive number of whole seconds")
    return seconds


def _basic_date(now: int) -> str:
    return format_instant(now)[:19].replace("-", "").replace(":", "") + "Z"


def _credential(now: int) -> str:
    return f"dbcontract/{_basic_date(now)[:8]}/us-east-1/s3/aws4_request"


def _quote(path: str) -> str:
    return quote(path, safe="/~", errors="replace")


def _query_text(pairs: Iterable[tuple[str, str]]) -> str:
    return urlencode(list(pairs), quote_via=quote, safe="~", errors="replace")
