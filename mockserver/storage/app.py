"""The storage's requests and answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol
from urllib.parse import parse_qsl, quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from ..apis.installed import installed
from ..extension_point import ExtensionPoint
from ..state.objects import StoredObject
from ..web.origin import origin_of
from .api import StoringApi
from .browsers import guarded
from .disposition import content_disposition
from .downloads import Item, ItemResponse, Stored, uploaded
from .errors import InvalidArgument, MethodNotAllowed, StorageError, error_response
from .signing import FROM_REDIRECT, PATH, SIGNATURE, Signer
from .uploads import UNKNOWN_TYPE, is_media_type, read_upload


class StorageSandbox(Stored, Protocol):
    """What the storage needs of a sandbox."""

    @property
    def signer(self) -> Signer:
        """Makes and verifies its links."""

    @property
    def max_upload(self) -> int:
        """Bytes that an uploaded file has at most."""

    def now(self) -> int:
        """The present instant in µs."""


Find = Callable[[StorageSandbox, str, int], Awaitable[Item]]


class Storage:
    """How storage answers."""

    async def respond(
        self, sandbox: StorageSandbox, request_path: str, scope: Scope, receive: Receive
    ) -> Response:
        """Answer a request, see `respond`."""
        return guarded(await self._answer(sandbox, request_path, Request(scope, receive)))

    async def _answer(self, sandbox: StorageSandbox, request_path: str, request: Request) -> Response:
        try:
            if request.method == "POST" and not request_path:
                return await self.upload(sandbox, request)
            if request.method in {"GET", "HEAD"}:
                return await self.download(sandbox, request_path, request)
            raise MethodNotAllowed(request.method, "GET, HEAD" if request_path else "POST")
        except StorageError as error:
            return self.refuse(error, request)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it

    async def upload(self, sandbox: StorageSandbox, request: Request) -> Response:
        """Take in the file of a signed form. Raises `StorageError`."""
        return await _upload(sandbox, request)

    async def download(self, sandbox: StorageSandbox, key: str, request: Request) -> Response:
        """What a signed link gives. Raises `StorageError`."""
        return await _download(sandbox, key, request, self.find)

    def refuse(self, error: StorageError, request: Request) -> Response:
        """The answer to what is refused."""
        return error_response(error, body=request.method != "HEAD")

    async def find(self, sandbox: StorageSandbox, key: str, now: int) -> Item:
        """What is stored under a key. Raises `NoSuchKey`."""
        for api in installed(StoringApi).values():
            item = None if api.stored is None else await api.stored(sandbox, key, now)
            if item is not None:
                return item
        return uploaded(sandbox, key)


STORAGE: Final = ExtensionPoint("storage", Storage)


async def respond(sandbox: StorageSandbox, request_path: str, scope: Scope, receive: Receive) -> Response:
    """Answer a request to `/_storage/`: POST to the root uploads, GET of a key downloads; HEAD is refused.

    Args:
        sandbox: whose storage it is.
        request_path: what follows `/_storage/`, decoded; the key.
        scope: of the request; its path still has the sandbox's prefix.
        receive: of the request.

    Returns:
        What S3 would answer; every refusal is an XML document with S3's code.
    """
    return await Storage().respond(sandbox, request_path, scope, receive)


async def _upload(sandbox: StorageSandbox, request: Request) -> Response:
    upload = await read_upload(request, sandbox.max_upload)
    now = sandbox.now()
    grant = sandbox.signer.verify_post(upload.fields, len(upload.content), now)
    content_type = upload.content_type(grant.filename)
    stored = StoredObject.of(upload.content, content_type, grant.filename, now)
    sandbox.objects.put(grant.key, stored)
    headers = {"ETag": f'"{stored.etag}"', "Location": _location(request, grant.key)}
    return Response(status_code=204, headers=headers)


async def _download(sandbox: StorageSandbox, key: str, request: Request, find: Find) -> Response:
    query = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    now = sandbox.now()
    signed = dict(query)
    authorization = request.headers.get("authorization")
    if authorization is not None and SIGNATURE in signed and FROM_REDIRECT not in signed:
        msg = "Only one auth mechanism allowed: the signature of the link, and no Authorization header."
        raise InvalidArgument(msg, "Authorization", authorization.partition(" ")[0])
    sandbox.signer.verify(request.method, PATH + key, query, now)
    item = await find(sandbox, key, now)
    content_type = signed.get("response-content-type", item.content_type)
    headers = {
        "Content-Type": content_type if is_media_type(content_type) else UNKNOWN_TYPE,
        "Content-Disposition": signed.get("response-content-disposition", content_disposition(item.filename)),
    }
    validators = item.validators
    try:
        if not validators.has_changed(request.headers):
            item.file.close()
            return Response(None, 304, validators.headers())
        fits = validators.fits(request.headers.get("if-range"))
        return ItemResponse(item, headers, request.headers.get("range") if fits else None)
    except StorageError:
        item.file.close()
        raise


def _location(request: Request, key: str) -> str:
    """The object's address."""
    path: str = request.scope["path"]
    root = path.rstrip("/").removesuffix(PATH.rstrip("/")) + PATH
    return origin_of(request.scope) + quote(root + key)
