"""A storage in the manner of S3, at an origin of its own: presigned links and presigned form uploads."""

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, unquote

from .web import Answer, Request, multipart, parameters
from .world import Blob, Vault

HOUR = 3600


def _refusal(status: int, code: str, message: str) -> Answer:
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{error}'
    return Answer(status, text.encode(), "application/xml")


class Storage:
    """Signs links, and serves what they lead to."""

    def __init__(self, vault: Callable[[], Vault]) -> None:
        self.vault = vault
        self.origin = ""
        self._key = secrets.token_bytes(32)

    def _signature(self, *parts: str) -> str:
        return hmac.new(self._key, "\n".join(parts).encode(), hashlib.sha256).hexdigest()

    def link(self, key: str, disposition: str) -> str:
        """A URL that reads one object for an hour."""
        stamp = self.vault().clock.now().strftime("%Y%m%dT%H%M%SZ")
        signature = self._signature("GET", key, stamp, disposition)
        return (
            f"{self.origin}/bucket/{quote(key)}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={stamp}&X-Amz-Expires={HOUR}"
            f"&response-content-disposition={quote(disposition, safe='')}&X-Amz-Signature={signature}"
        )

    def form(self, key: str) -> tuple[str, dict[str, str]]:
        """Where a file is to be posted, and the fields that go before it."""
        until = (self.vault().clock.now() + timedelta(seconds=HOUR)).strftime("%Y-%m-%dT%H:%M:%SZ")
        policy = base64.b64encode(
            json.dumps({"expiration": until, "conditions": [{"key": key}]}).encode()
        ).decode()
        fields = {"key": key, "policy": policy, "x-amz-signature": self._signature("POST", policy)}
        return f"{self.origin}/bucket/", fields

    def handle(self, request: Request) -> Answer:
        """One request to the bucket."""
        if not request.path.startswith("/bucket/"):
            return _refusal(404, "NoSuchBucket", "The bucket does not exist.")
        if request.method == "POST" and request.path == "/bucket/":
            return self._upload(request)
        if request.verb != "GET":
            return _refusal(405, "MethodNotAllowed", "The method is not allowed against this resource.")
        return self._read(request, unquote(request.path.removeprefix("/bucket/")))

    def _upload(self, request: Request) -> Answer:
        kind, options = parameters(request.headers.get("Content-Type", ""))
        if kind != "multipart/form-data" or "boundary" not in options:
            return _refusal(412, "PreconditionFailed", "The body has to be multipart/form-data.")
        fields: dict[str, str] = {}
        content: bytes | None = None
        for name, _, value in multipart(request.body, options["boundary"]):
            if name == "file":
                content = value
                break  # what comes after the file is not read
            fields[name.lower()] = value.decode("utf-8", "replace")
        if content is None:
            return _refusal(400, "InvalidArgument", "POST requires exactly one file upload per request.")
        if "policy" not in fields or "key" not in fields:
            return _refusal(400, "InvalidArgument", "Fields are missing before the file.")
        signature = fields.get("x-amz-signature", "")
        if not hmac.compare_digest(signature.encode(), self._signature("POST", fields["policy"]).encode()):
            return _refusal(403, "SignatureDoesNotMatch", "The signature does not match.")
        policy: dict[str, Any] = json.loads(base64.b64decode(fields["policy"]))
        now = self.vault().clock.now()
        if now > datetime.fromisoformat(policy["expiration"]) or policy["conditions"] != [
            {"key": fields["key"]}
        ]:
            return _refusal(403, "AccessDenied", "Invalid according to policy.")
        blob = Blob(content, fields.get("content-type", "binary/octet-stream"), now)
        self.vault().blobs[fields["key"]] = blob
        return Answer(
            204, headers=(("ETag", blob.etag), ("Location", f"{self.origin}/bucket/{quote(fields['key'])}"))
        )

    def _read(self, request: Request, key: str) -> Answer:
        asked = dict(request.pairs)
        stamp, disposition = asked.get("X-Amz-Date", ""), asked.get("response-content-disposition", "")
        if "X-Amz-Signature" not in asked:
            return _refusal(403, "AccessDenied", "Access Denied")
        if "Authorization" in request.headers:
            return _refusal(400, "InvalidArgument", "Only one auth mechanism is allowed.")
        right = self._signature("GET", key, stamp, disposition)
        if request.method != "GET" or not hmac.compare_digest(
            asked["X-Amz-Signature"].encode(), right.encode()
        ):
            return _refusal(403, "SignatureDoesNotMatch", "The signature does not match.")
        signed = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if self.vault().clock.now() >= signed + timedelta(seconds=HOUR):
            return _refusal(403, "AccessDenied", "Request has expired")
        blob = self.vault().blobs.get(key)
        if blob is None:
            return _refusal(404, "NoSuchKey", "The specified key does not exist.")
        return _served(request, blob, disposition)


def _served(request: Request, blob: Blob, disposition: str) -> Answer:
    headers = (
        ("ETag", blob.etag),
        ("Last-Modified", format_datetime(blob.stored, usegmt=True)),
        ("Accept-Ranges", "bytes"),
        ("Content-Disposition", disposition),
    )
    if request.headers.get("If-None-Match") in {blob.etag, "*"}:
        return Answer(304, headers=headers)
    if request.headers.get("If-Match", blob.etag) not in {blob.etag, "*"}:
        return _refusal(412, "PreconditionFailed", "A precondition did not hold.")
    wanted = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", request.headers.get("Range", ""))
    if wanted is None or wanted.groups() == ("", ""):
        return Answer(200, blob.content, blob.kind, headers)
    size = len(blob.content)
    first, last = wanted.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start >= size or end < start:
        return Answer(416, headers=(("Content-Range", f"bytes */{size}"),))
    part = ("Content-Range", f"bytes {start}-{end}/{size}")
    return Answer(206, blob.content[start : end + 1], blob.kind, (*headers, part))
