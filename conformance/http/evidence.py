"""What was sent and what came back, as it may be shown: text, masked, of bounded length."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from shlex import quote
from urllib.parse import urlsplit

from .redaction import VARIABLE, Redactor
from .spool import Spool
from .wire import Header, Received, Request

BODY_SHOWN = 2_000
"""How many characters of a body are shown, unless the whole exchange is asked for."""
KEPT = 16_384
"""How many bytes of a body are kept after its exchange: enough to show that much of it, masked."""

_TEXTUAL = ("json", "text/", "xml", "csv", "javascript", "form-urlencoded", "multipart/form-data")
_LEFT_OUT = frozenset({"content-length", "host", "user-agent", "connection", "accept-encoding"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """One exchange.

    Attributes:
        number: counts the exchanges of a check from 1.
        operation: the operationId, if the exchange belongs to one.
        note: why the exchange was made, where that is not plain.
        status: None when no answer came; then `problem` says what happened.
        request_body, response_body: text; bytes that are not text are shown in base64 with a `data:` prefix.
        request_size, response_size: of the whole bodies, in bytes.
        curl: a command line that sends the same; the token that was sent is a variable, `$TOKEN` or
            `$READ_ONLY_TOKEN`.
    """

    number: int
    operation: str | None
    note: str
    method: str
    url: str
    request_headers: tuple[Header, ...]
    request_body: str | None
    request_size: int
    status: int | None
    reason: str
    response_headers: tuple[Header, ...]
    response_body: str | None
    response_size: int
    seconds: float
    problem: str | None
    curl: str


@dataclass(slots=True)
class Exchange:
    """The same as it happened: unmasked, and never shown or stored as it is."""

    request: Request
    received: Received | None = None
    operation: str | None = None
    note: str = ""
    problem: str | None = None
    sent_size: int | None = None
    got_size: int | None = None

    def shorten(self, kept: int) -> None:
        """Let go of what is never shown: bodies beyond this many bytes, which many exchanges would add up."""
        body = self.request.body
        if isinstance(body, bytes) and len(body) > kept:
            self.sent_size = len(body)
            self.request = replace(self.request, body=body[:kept])
        if self.received is not None and len(self.received.content) > kept:
            self.got_size = self.received.size
            self.received = replace(self.received, content=self.received.content[:kept])

    def let_go(self) -> None:
        """Leave the files of long bodies to those who still read them; a beginning is enough to be shown."""
        if isinstance(self.request.body, Spool):
            self.sent_size = len(self.request.body)
            self.request = replace(self.request, body=self.request.body.read(0, KEPT))
        if self.received is not None and self.received.spool is not None:
            self.got_size = self.received.size
            self.received = replace(self.received, spool=None)

    def as_evidence(self, number: int, redactor: Redactor, *, shown: int = BODY_SHOWN) -> Evidence:
        """The exchange as text; `shown` bounds the characters of each body."""
        sent, got = self.request, self.received
        sent_size = len(sent.body or b"") if self.sent_size is None else self.sent_size
        got_size = (got.size if got else 0) if self.got_size is None else self.got_size
        return Evidence(
            number=number,
            operation=self.operation,
            note=self.note,
            method=sent.method,
            url=redactor.text(sent.url),
            request_headers=_masked(sent.headers, redactor),
            request_body=_body(_in_memory(sent.body), sent_size, sent.headers, redactor, shown),
            request_size=sent_size,
            status=got.status if got else None,
            reason=redactor.text(got.reason) if got else "",
            response_headers=_masked(got.headers, redactor) if got else (),
            response_body=_body(got.content, got_size, got.headers, redactor, shown) if got else None,
            response_size=got_size,
            seconds=got.seconds if got else 0.0,
            problem=redactor.text(self.problem) if self.problem else None,
            curl=curl(sent, redactor, shown=shown),
        )


def _in_memory(body: bytes | Spool | None) -> bytes | None:
    return body.read(0, KEPT) if isinstance(body, Spool) else body


def _masked(headers: tuple[Header, ...], redactor: Redactor) -> tuple[Header, ...]:
    return tuple((_cut(redactor.text(name)), _cut(redactor.header(name, value))) for name, value in headers)


def _cut(text: str) -> str:
    """A name or value of a header; a server may send many and long ones."""
    return text if len(text) <= BODY_SHOWN else f"{text[:BODY_SHOWN]}{_rest(len(text) - BODY_SHOWN, 'more')}"


def _body(
    content: bytes | None, size: int, headers: tuple[Header, ...], redactor: Redactor, shown: int
) -> str | None:
    if content is None:
        return None
    # Four bytes make one character at most; the margin keeps a secret at the cut whole, so that it is masked.
    head = content[: 4 * shown + 4_096]
    media_type = next((value for name, value in headers if name.lower() == "content-type"), "").lower()
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4 and not any(part in media_type for part in _TEXTUAL):
            # Masked before it is cut, so that no secret is seen in part.
            clean = redactor.content(content[: shown + 4_096])[:shown]
            kind, encoded = redactor.text(media_type.partition(";")[0]), base64.b64encode(clean).decode()
            return f"data:{kind};base64,{encoded}{_rest(size - shown, 'bytes')}"
        text = head.decode(errors="replace")
    masked = redactor.text(text)
    cut = len(masked) - shown + max(0, size - len(head))
    return masked if cut <= 0 else f"{masked[:shown]}{_rest(cut, 'more')}"


def _rest(count: int, unit: str) -> str:
    return f" … ({count} {unit})" if count > 0 else ""


def curl(request: Request, redactor: Redactor, *, shown: int = BODY_SHOWN) -> str:
    """A command line for a POSIX shell that sends the request; a long body is left to a file."""
    words = ["curl", "-i"]
    if request.method != "GET":
        words += ["-X", quote(request.method)]
    if any(part in {".", ".."} for part in urlsplit(request.url).path.split("/")):
        words.append("--path-as-is")
    words.append(_quoted(redactor.text(request.url)))
    for name, value in request.headers:
        if name.lower() not in _LEFT_OUT:
            words += ["-H", _quoted(f"{name}: {redactor.header(name, value)}")]
    if request.chunked:
        words += ["-H", "'Transfer-Encoding: chunked'"]
    if request.body:
        words += ["--data-binary", _curl_body(request.body, redactor, shown)]
    return " ".join(words)


def _curl_body(body: bytes | Spool, redactor: Redactor, shown: int) -> str:
    if isinstance(body, Spool):
        return "@BODY"
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return "@BODY"
    return "@BODY" if len(text) > shown or "\0" in text else _quoted(redactor.text(text))


def _quoted(text: str) -> str:
    """Quoted for the shell, except that what stands for a secret stays a variable."""
    if VARIABLE.search(text) is None:
        return quote(text)
    if any(character in VARIABLE.sub("", text) for character in '"$`\\!'):
        return VARIABLE.sub(lambda found: f"'\"{found[0]}\"'", quote(text))
    return f'"{text}"'
