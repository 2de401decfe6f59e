"""Messages into group chats and webhooks, by Apprise; each kind is a module of ``channels``."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

from alerts.delivery.channels import ChannelDown, PermanentFailure, Rendered, TemporaryFailure
from settings import SettingsError
from settings.model import Settings

_MESSAGES_FAULT = frozenset({400, 413, 415, 422})
"""HTTP answers that no later try changes."""


@dataclass(frozen=True, slots=True)
class ChatKind:
    """How one kind of chat is spoken to."""

    schemes: tuple[str, ...]
    """Apprise's schemes of this kind."""
    plugin: str
    """Apprise's module."""
    limit: int
    """Bytes of UTF-8 that one message may have; what is longer is cut."""
    native: Callable[[str], str]
    """The Apprise address of the address that the chat program shows; empty where it is none."""
    refused: Callable[[Any], str]
    """What a JSON answer of status 200 says where the message was not taken; empty where it was."""


class ChatChannel:
    """Every configured chat of one kind; the outbox names the chat as the recipient."""

    patience = timedelta(seconds=60)

    def __init__(self, kind: ChatKind, chats: Mapping[str, str]) -> None:
        """``chats`` gives the Apprise address of each chat by its name."""
        self._kind = kind
        self._chats = chats

    def send(self, message: Rendered) -> None:
        """Post the message's brief form; returns once the chat's server has said that it takes it."""
        import apprise  # noqa: PLC0415 - most houses have no chat

        address = self._chats.get(message.recipient)
        if address is None:
            raise PermanentFailure(f"no chat is called {message.recipient!r} any more")
        # A new one for each message: an old one would sleep between two, and hold up everybody's mails.
        chat = apprise.Apprise.instantiate(address)
        if chat is None:
            raise ChannelDown(f"Apprise does not take the address of chat {message.recipient!r} any more")
        answers = _listen(self._kind.plugin)
        taken = chat.notify(
            title=_cut(message.subject, 250),
            body=_cut(message.brief, self._kind.limit - 260),
            body_format=apprise.NotifyFormat.TEXT,
        )
        self._judge(message.recipient, answers.last, taken=bool(taken))

    def _judge(self, name: str, answer: Any, *, taken: bool) -> None:
        if answer is None:
            raise ChannelDown(f"chat {name!r}: its server cannot be reached")
        if answer.status_code in _MESSAGES_FAULT:
            raise PermanentFailure(f"chat {name!r}: HTTP {answer.status_code}")
        if not taken:
            raise TemporaryFailure(f"chat {name!r}: HTTP {answer.status_code}")
        if refusal := self._kind.refused(answer):
            raise TemporaryFailure(f"chat {name!r}: {refusal}")


def open_chats(settings: Settings, channel: str, kind: ChatKind) -> ChatChannel | None:
    """The configured chats of ``channel``; None where there is none. Raises ``SettingsError``."""
    chats = {
        chat.name: _address(chat.name, chat.secret_url.get_secret_value(), kind)
        for chat in settings.chats
        if chat.channel == channel
    }
    return ChatChannel(kind, chats) if chats else None


def code_refused(*names: str) -> Callable[[Any], str]:
    """For robots that answer 200 to everything, with a code other than 0 for what they did not take."""

    def refused(answer: Any) -> str:
        try:
            said = answer.json()
            codes = [said[name] for name in names if name in said]
        except (ValueError, TypeError):
            return "its answer is no JSON object"
        if not codes:
            return "its answer has no code"
        return "" if set(codes) == {0} else f"code {codes[0]}: {str(said)[:200]}"

    return refused


def native_query(host: str, path: str, key: str, scheme: str) -> Callable[[str], str]:
    """For addresses like ``https://host/path?key=…``."""

    def native(url: str) -> str:
        parts = urlsplit(url)
        (value,) = parse_qs(parts.query).get(key, [""])[:1]
        return f"{scheme}://{value}/" if (parts.hostname, parts.path) == (host, path) and value else ""

    return native


def _address(name: str, url: str, kind: ChatKind) -> str:
    import apprise  # noqa: PLC0415

    address = url if urlsplit(url).scheme in kind.schemes else kind.native(url)
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its complaints would print the address
    if not address or apprise.Apprise.instantiate(address) is None:
        raise SettingsError(
            [f"chats: secret_url of {name!r} is no address of such a chat: copy it from the robot's settings"]
        )
    return address


def _cut(text: str, limit: int) -> str:
    body = text.encode("utf-8")
    if len(body) <= limit:
        return text
    return body[: limit - 3].decode("utf-8", "ignore") + "…"


class _Answers(threading.local):
    """The last answer that this thread got."""

    last: Any = None


class _Listening:
    """Stands in a plugin's module for ``requests``, and remembers what was answered.

    Apprise takes every answer of status 200 for success, but these robots answer 200 with an error code in
    the body: their message would be noted as sent, and be lost.
    """

    def __init__(self, requests: Any) -> None:
        self.answers = _Answers()
        self._requests = requests

    def __getattr__(self, name: str) -> Any:
        return getattr(self._requests, name)

    def post(self, *arguments: Any, **options: Any) -> Any:
        self.answers.last = self._requests.post(*arguments, **options)
        return self.answers.last

    def request(self, *arguments: Any, **options: Any) -> Any:
        self.answers.last = self._requests.request(*arguments, **options)
        return self.answers.last


_installing = threading.Lock()


def _listen(plugin: str) -> _Answers:
    """The answers that the plugin gets in this thread; none as yet."""
    module: Any = import_module(f"apprise.plugins.{plugin}")
    with _installing:
        if not isinstance(module.requests, _Listening):
            module.requests = _Listening(module.requests)
    answers: _Answers = module.requests.answers
    answers.last = None
    return answers
