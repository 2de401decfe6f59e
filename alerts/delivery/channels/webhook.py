"""Any web address that takes a JSON object: ``version``, ``title``, ``message``, ``type``."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests

from alerts.delivery.chats import ChatChannel, ChatKind, Post, open_chats
from settings.model import Settings

_SCHEMES = {"https": "https", "http": "http", "jsons": "https", "json": "http"}
"""The last two are those that earlier versions took."""


def _address(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{_SCHEMES[scheme]}://{rest}" if scheme in _SCHEMES and urlsplit(url).hostname else ""


def _post(url: str, title: str, text: str) -> Post:
    return Post(url, {"version": "1.0", "title": title, "message": text, "attachments": [], "type": "info"})


def _refused(_answer: requests.Response) -> str:
    """The status says it all."""
    return ""


KIND = ChatKind(limit=100_000, secret=_address, post=_post, refused=_refused, is_anywhere=True)


def open_channel(settings: Settings) -> ChatChannel | None:
    """The webhooks of ``chats``; None where there is none."""
    return open_chats(settings, "webhook", KIND)
