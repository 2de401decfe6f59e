"""Any web address that takes a JSON object: ``title``, ``message``, ``type``."""

from __future__ import annotations

from typing import Any

from alerts.delivery.chats import ChatChannel, ChatKind, open_chats
from settings.model import Settings


def _native(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    schemes = {"https": "jsons", "http": "json"}
    return f"{schemes[scheme]}{separator}{rest}" if scheme in schemes else ""


def _refused(_answer: Any) -> str:
    """The status says it all."""
    return ""


KIND = ChatKind(
    schemes=("json", "jsons"), plugin="custom_json", limit=100_000, native=_native, refused=_refused
)


def open_channel(settings: Settings) -> ChatChannel | None:
    """The webhooks of ``chats``; None where there is none."""
    return open_chats(settings, "webhook", KIND)
