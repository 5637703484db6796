"""The two peers that are written in Python, each a server that gives the same asset whatever is asked.

`serve_peer.py starlette|connexion PORT DESCRIPTION`; small_get.py starts it.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

ASSET = {
    "id": "9b2e7c50-3d84-4f6a-a1e9-0c5d8b7f2a46",
    "download_url": "http://localhost:5323/api/databases/0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f60/assets/"
    "9b2e7c50-3d84-4f6a-a1e9-0c5d8b7f2a46/",
    "filename": "my-file.png",
    "is_uploaded": True,
    "created_at": "2024-11-15T20:42:47.670046Z",
    "updated_at": "2024-11-15T20:42:48.172576Z",
}


def starlette() -> ASGIApp:
    """One route that answers with ready bytes: no framework does less."""
    import orjson  # noqa: PLC0415 - only this peer needs it

    body = orjson.dumps(ASSET)

    async def asset(_request: Request) -> Response:
        return Response(body, media_type="application/json")

    return Starlette(routes=[Route("/api/databases/{database_id}/assets/{asset_id}", asset)])


def stock_connexion(description: Path) -> ASGIApp:
    """Connexion's AsyncApp as its documentation has it, with this project's description."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries that it imports
        from connexion import AsyncApp  # noqa: PLC0415 - only this peer needs it
        from connexion.resolver import Resolver  # noqa: PLC0415
        from connexion.security import AbstractSecurityHandler  # noqa: PLC0415

    async def verify(request: Any) -> dict[str, Any]:
        return {"sub": request.headers["authorization"]}

    class AnyToken(AbstractSecurityHandler):  # type: ignore[misc]  # connexion has no types
        def get_fn(self, _scheme: Any, _scopes: Any) -> Any:
            return verify

    async def handler(**_arguments: Any) -> tuple[dict[str, Any], int, dict[str, str]]:
        return ASSET, 200, {"Content-Type": "application/json"}

    app = AsyncApp("peer", specification_dir=str(description.parent))
    app.add_api(
        description.name,
        base_path="/api",
        resolver=Resolver(lambda _name: handler),
        security_map={"apiKey": AnyToken},
    )
    served: ASGIApp = app
    return served


def main(name: str, port: str, description: str) -> None:
    """Serve a peer with the settings of uvicorn that the mock server has."""
    app = starlette() if name == "starlette" else stock_connexion(Path(description))
    uvicorn.run(
        app,
        port=int(port),
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
