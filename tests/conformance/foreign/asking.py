"""Plain requests, without the kit."""

import json
import urllib.error
import urllib.request
from typing import Any

from .running import Foreign


class _Straight(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def ask(url: str, body: Any = None, method: str | None = None, **headers: str) -> tuple[int, bytes, Any]:
    """Status, body and headers of one request; redirects are not followed."""
    if body is not None and not isinstance(body, bytes):
        body, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, body, named, method=method)
    try:
        with urllib.request.build_opener(_Straight).open(request, timeout=10) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


class Client:
    """Calls of PixieBrix with the token, at version 2.0 unless another Accept is given."""

    def __init__(self, server: Foreign) -> None:
        self.server = server

    def __call__(
        self, path: str, body: Any = None, method: str | None = None, **headers: str
    ) -> tuple[int, bytes, Any]:
        headers = {
            "Authorization": f"Token {self.server.token}",
            "Accept": "application/json; version=2.0",
            **headers,
        }
        return ask(f"{self.server.pixiebrix}{path}", body, method, **headers)

    def json(self, path: str, body: Any = None, method: str | None = None) -> Any:
        return json.loads(self(path, body, method)[1])

    def exported(self, media: str) -> bytes:
        """What an export job of the customers gives in a format."""
        return self.finished(
            self.json(
                "/databases/records/jobs/",
                {"name": "all", "databases": [self.server.kept[0]], "media_type": media},
            )
        )

    def finished(self, job: Any) -> bytes:
        """What the link of a job gives, once it is finished."""
        while job["status"] in {"PENDING", "STARTED", "UNKNOWN"}:
            job = self.json(f"/databases/records/jobs/{job['id']}/")
        status, content, _ = ask(job["data"])
        assert status == 200
        return content
