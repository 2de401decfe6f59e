"""Robots of Feishu (飞书) groups."""

from __future__ import annotations

from urllib.parse import urlsplit

from alerts.delivery.chats import ChatChannel, ChatKind, code_refused, open_chats
from settings.model import Settings

_HOOK = "/open-apis/bot/v2/hook/"


def _native(url: str) -> str:
    parts = urlsplit(url)
    is_hook = parts.hostname == "open.feishu.cn" and parts.path.startswith(_HOOK)
    return f"feishu://{parts.path.removeprefix(_HOOK)}" if is_hook else ""


KIND = ChatKind(
    schemes=("feishu",),
    plugin="feishu",
    limit=15_000,
    native=_native,
    refused=code_refused("code", "StatusCode"),
)


def open_channel(settings: Settings) -> ChatChannel | None:
    """The Feishu chats of ``chats``; None where there is none."""
    return open_chats(settings, "feishu", KIND)
