"""Robots of WeCom (企业微信) groups."""

from __future__ import annotations

from alerts.delivery.chats import ChatChannel, ChatKind, code_refused, native_query, open_chats
from settings.model import Settings

KIND = ChatKind(
    schemes=("wecombot",),
    plugin="wecombot",
    limit=2048,
    native=native_query("qyapi.weixin.qq.com", "/cgi-bin/webhook/send", "key", "wecombot"),
    refused=code_refused("errcode"),
)


def open_channel(settings: Settings) -> ChatChannel | None:
    """The WeCom chats of ``chats``; None where there is none."""
    return open_chats(settings, "wecom", KIND)
