"""Unusual assets."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.responses import Response

from ..handlers.assets import AssetHandlers
from ..state.assets import Asset
from ..web.call import Call
from .base import stranger


@stranger()
class RelativeRedirect(AssetHandlers):
    """Redirects to the path of the file, without scheme and host."""

    def download(self, asset: Asset, call: Call) -> Response:
        answer = super().download(asset, call)
        parts = urlsplit(answer.headers["location"])
        answer.headers["location"] = f"{parts.path}?{parts.query}"
        return answer
