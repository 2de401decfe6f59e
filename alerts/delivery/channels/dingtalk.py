"""Robots of DingTalk (钉钉) groups; ``dingtalk://SECRET@TOKEN`` for those that want messages signed."""

from __future__ import annotations

from alerts.delivery.chats import ChatChannel, ChatKind, code_refused, native_query, open_chats
from settings.model import Settings

KIND = ChatKind(
    schemes=("dingtalk",),
    plugin="dingtalk",
    limit=15_000,
    native=native_query("oapi.dingtalk.com", "/robot/send", "access_token", "dingtalk"),
    refused=code_refused("errcode"),
)


def open_channel(settings: Settings) -> ChatChannel | None:
    """The DingTalk chats of ``chats``; None where there is none."""
    return open_chats(settings, "dingtalk", KIND)
