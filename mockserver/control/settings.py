"""A sandbox's settings as the control API shows and takes them."""

from __future__ import annotations

from typing import Any

from ..apis.base import served_apis
from ..sandbox.api_settings import ApiSettings
from ..sandbox.errors import SettingsError
from ..sandbox.sandbox import Sandbox
from ..sandbox.settings import TokenGrant
from ..state.errors import InvalidInput


def describe_settings(sandbox: Sandbox) -> dict[str, Any]:
    """A sandbox's settings as the control API shows and takes them."""
    settings = sandbox.settings
    pace: dict[str, Any] = {"seconds": settings.job_us / 1_000_000}
    if settings.job_polls is not None:
        pace = {"polls": settings.job_polls}
    shown: dict[str, Any] = {"job_pace": pace, "strict_bodies": settings.strict_bodies}
    for one in _api_settings():
        shown |= one.describe(sandbox)
    return shown


def apply_settings(sandbox: Sandbox, order: dict[str, Any]) -> None:
    """Change the settings that an order (checked by the description) names; all of them or none.

    Raises:
        InvalidInput: an API refuses its part, or a token is not one.
    """
    for one in _api_settings():
        one.check(order)
    settings = sandbox.settings
    if "tokens" in order:
        settings.tokens = _grants(order["tokens"])
    pace = order.get("job_pace")
    if pace == "immediate":
        settings.job_us, settings.job_polls = 0, None
    elif isinstance(pace, dict) and "polls" in pace:
        settings.job_polls = pace["polls"]
    elif isinstance(pace, dict):
        settings.job_us, settings.job_polls = round(pace["seconds"] * 1_000_000), None
    settings.strict_bodies = order.get("strict_bodies", settings.strict_bodies)
    for one in _api_settings():
        one.apply(sandbox, order)


def _api_settings() -> list[ApiSettings]:
    return [api.settings for api in served_apis().values() if api.settings is not None]


def _grants(tokens: list[str] | None) -> dict[str, TokenGrant] | None:
    try:
        grants = [TokenGrant.parse(token) for token in tokens or ()]
    except SettingsError as error:
        raise InvalidInput({"tokens": [str(error)]}) from error
    return {grant.token: grant for grant in grants} or None
