"""Robots of WeCom (企业微信) groups."""

from __future__ import annotations

from alerts.delivery.chats import (
    ChatChannel,
    ChatKind,
    Post,
    code_refused,
    open_chats,
    secret_in,
    text_message,
)
from settings.model import Settings

ADDRESS = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"


def _post(key: str, title: str, text: str) -> Post:
    return Post(f"{ADDRESS}?key={key}", text_message(title, text))


KIND = ChatKind(
    limit=2048,
    secret=secret_in("qyapi.weixin.qq.com", "/cgi-bin/webhook/send", "key", "wecombot"),
    post=_post,
    refused=code_refused("errcode"),
)


def open_channel(settings: Settings) -> ChatChannel | None:
    """The WeCom chats of ``chats``; None where there is none."""
    return open_chats(settings, "wecom", KIND)
