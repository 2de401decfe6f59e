"""Robots of DingTalk (钉钉) groups; ``dingtalk://SECRET@TOKEN`` for those that want messages signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from urllib.parse import urlencode

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

ADDRESS = "https://oapi.dingtalk.com/robot/send"


def _post(secret: str, title: str, text: str) -> Post:
    key, _, token = secret.rpartition("@")
    query = {"access_token": token}
    if key:
        query["timestamp"] = str(round(time.time() * 1000))
        signed = hmac.new(key.encode(), f"{query['timestamp']}\n{key}".encode(), hashlib.sha256).digest()
        query["sign"] = base64.b64encode(signed).decode("ascii")
    return Post(f"{ADDRESS}?{urlencode(query)}", text_message(title, text))


KIND = ChatKind(
    limit=15_000,
    secret=secret_in("oapi.dingtalk.com", "/robot/send", "access_token", "dingtalk"),
    post=_post,
    refused=code_refused("errcode"),
)


def open_channel(settings: Settings) -> ChatChannel | None:
    """The DingTalk chats of ``chats``; None where there is none."""
    return open_chats(settings, "dingtalk", KIND)
