"""Robots of Feishu (飞书) groups."""

from __future__ import annotations

from urllib.parse import urlsplit

from alerts.delivery.chats import ChatChannel, ChatKind, Post, code_refused, open_chats
from settings.model import Settings

ADDRESS = "https://open.feishu.cn"
_HOOK = "/open-apis/bot/v2/hook/"


def _secret(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "feishu":
        return parts.netloc
    is_hook = parts.hostname == "open.feishu.cn" and parts.path.startswith(_HOOK)
    return parts.path.removeprefix(_HOOK).strip("/") if is_hook else ""


def _post(token: str, title: str, text: str) -> Post:
    return Post(f"{ADDRESS}{_HOOK}{token}", {"msg_type": "text", "content": {"text": f"{title}\n{text}"}})


KIND = ChatKind(limit=15_000, secret=_secret, post=_post, refused=code_refused("code", "StatusCode"))


def open_channel(settings: Settings) -> ChatChannel | None:
    """The Feishu chats of ``chats``; None where there is none."""
    return open_chats(settings, "feishu", KIND)
