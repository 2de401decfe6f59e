"""Messages into group chats and webhooks: one POST each; every kind is a module of ``channels``.

The robots answer 200 to everything and say in the body whether they took it, so that a library which goes by
the status would note as sent what is lost.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from alerts.delivery.channels import ChannelDown, PermanentFailure, Rendered
from crawling.fetching.addresses import AddressPolicy
from crawling.fetching.model import FetchError
from crawling.fetching.posting import connect_checked, post_checked
from crawling.trust import trusting
from settings.model import Settings
from settings.people import KeptChat

_MESSAGES_FAULT = frozenset({400, 413, 415, 422})
"""HTTP answers that no later try changes."""
_SECONDS = 15.0
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Post:
    """What is posted where."""

    url: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChatKind:
    """How one kind of chat is spoken to."""

    limit: int
    """Bytes of UTF-8 that one message may have; what is longer is cut."""
    secret: Callable[[str], str]
    """What identifies the chat, from the configured address; empty where that is none of this kind."""
    post: Callable[[str, str, str], Post]
    """From the chat's secret, the title and the text."""
    refused: Callable[[requests.Response], str]
    """What an answer of status 200 says where the message was not taken; empty where it was."""
    is_anywhere: bool = False
    """Whether the address names its own host, which may be any."""


class ChatChannel:
    """Every configured chat of one kind; the outbox names the chat as the recipient."""

    patience = timedelta(seconds=60)

    def __init__(self, kind: ChatKind, chats: Mapping[str, str], guards: Mapping[str, AddressPolicy]) -> None:
        """``chats``: the secret of each chat by its name; ``guards``: where one may lead, else anywhere."""
        self._kind = kind
        self._chats = chats
        self._guards = guards

    def send(self, message: Rendered) -> None:
        """Post the message's brief form; returns once the chat's server has said that it takes it."""
        name = message.recipient
        secret = self._chats.get(name)
        if secret is None:
            raise PermanentFailure(f"no chat is called {name!r} any more")
        title, text = _cut(message.subject, 250), _cut(message.brief, self._kind.limit - 260)
        wanted = self._kind.post(secret, title, text)
        try:
            answer = self._post(name, wanted)
        except FetchError as error:
            raise ChannelDown(f"chat {name!r}: {error.detail}", only_for=name) from None
        except requests.RequestException as error:
            # Not its words: they quote the address, and whoever knows that can write there.
            kind = type(error).__name__
            why = f"chat {name!r}: its server cannot be reached: {kind}"
            raise ChannelDown(why, only_for=name) from None
        self._judge(name, answer)

    def reach(self, name: str) -> str:
        """Connect to the server of chat ``name``, over TLS where that is its way, and say nothing there.

        Its host. Raises ``ChannelDown``; no address is told, since whoever knows it can write there.
        """
        url = self._kind.post(self._chats[name], "", "").url
        host, port = host_and_port(url)
        try:
            with self._connect(name, host, port) as plain:
                if url.startswith("https:"):
                    with trusting().wrap_socket(plain, server_hostname=host):
                        pass
        except FetchError as error:
            raise ChannelDown(f"chat {name!r}: {error.detail}") from None
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise ChannelDown(f"chat {name!r}: {host} cannot be reached: {why}") from None
        return host

    def _post(self, name: str, wanted: Post) -> requests.Response:
        guard = self._guards.get(name)
        if guard is not None:
            return post_checked(wanted.url, wanted.body, guard, _SECONDS)
        return requests.post(wanted.url, json=wanted.body, timeout=_SECONDS, allow_redirects=False)

    def _connect(self, name: str, host: str, port: int) -> socket.socket:
        guard = self._guards.get(name)
        if guard is not None:
            return connect_checked(host, port, guard, _SECONDS)
        return socket.create_connection((host, port), _SECONDS)

    def _judge(self, name: str, answer: requests.Response) -> None:
        if answer.status_code in _MESSAGES_FAULT:
            raise PermanentFailure(f"chat {name!r}: HTTP {answer.status_code}")
        why = f"HTTP {answer.status_code}"
        if 200 <= answer.status_code < 300:
            why = self._kind.refused(answer)
        if why:
            raise ChannelDown(f"chat {name!r}: {why}", saw_message=True, only_for=name)


def open_chats(settings: Settings, channel: str, kind: ChatKind) -> ChatChannel | None:
    """The configured chats of ``channel``, which are usable (``chat_problem``); None where there is none."""
    named = [chat for chat in settings.chats if chat.channel == channel]
    guard = guard_of(settings)
    return (
        ChatChannel(
            kind,
            {chat.name: kind.secret(chat.secret_url.get_secret_value()) for chat in named},
            {chat.name: guard for chat in named if kind.is_anywhere and isinstance(chat, KeptChat)},
        )
        if named
        else None
    )


def guard_of(settings: Settings) -> AddressPolicy:
    """Where chats may lead whose address was typed at the desk."""
    return AddressPolicy(settings.fetching.allow_private_hosts)


def host_and_port(url: str) -> tuple[str, int]:
    """Where an address leads; raises ``ValueError`` where it is none of the web."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("no address of the web")
    return parts.hostname, parts.port or _PORTS[parts.scheme]


def text_message(title: str, text: str) -> dict[str, Any]:
    """The body that WeCom and DingTalk take."""
    return {"msgtype": "text", "text": {"content": f"{title}\n{text}"}}


def code_refused(*names: str) -> Callable[[requests.Response], str]:
    """For robots that answer 200 to everything, with a code other than 0 for what they did not take."""

    def refused(answer: requests.Response) -> str:
        try:
            said = answer.json()
            codes = [said[name] for name in names if name in said]
        except (ValueError, TypeError):
            return "its answer is no JSON object"
        if not codes:
            return "its answer has no code"
        return "" if set(codes) == {0} else f"code {codes[0]}: {str(said)[:200]}"

    return refused


def secret_in(host: str, path: str, key: str, scheme: str) -> Callable[[str], str]:
    """For addresses like ``https://host/path?key=…``, and ``scheme://…``, which earlier versions took."""

    def secret(url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme == scheme:
            return parts.netloc
        (value,) = parse_qs(parts.query).get(key, [""])[:1]
        return value if (parts.hostname, parts.path) == (host, path) else ""

    return secret


def _cut(text: str, limit: int) -> str:
    body = text.encode("utf-8")
    if len(body) <= limit:
        return text
    return body[: limit - 3].decode("utf-8", "ignore") + "…"
