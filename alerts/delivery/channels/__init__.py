"""The ways a message can leave the house. Each module or folder in here is one: adding one touches no other.

A channel's module has a function ``open_channel(settings) -> Channel | None``, which gives None where the
configuration lacks what the channel needs. The channel's name, as it stands in the outbox, is its module's.
A module that has a ``KIND`` of ``alerts.delivery.chats`` speaks to the chats that name it.
"""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from types import ModuleType
from typing import Protocol

from settings import SettingsError
from settings.model import Settings
from settings.people import Chat


class DeliveryFailure(Exception):  # noqa: N818 - "failure" is the word of RFC 3463
    """A channel did not deliver the message; the text says why."""


class TemporaryFailure(DeliveryFailure):
    """A later try may succeed."""


class ChannelDown(TemporaryFailure):
    """Nothing can be delivered at the moment, not only this message, which pays for it with no try."""

    def __init__(self, why: str, *, saw_message: bool = False, only_for: str = "") -> None:
        """``saw_message``: it came after the message was seen, so that this may be the one that fails.

        ``only_for``: the one recipient whose way is down, where each has one of their own.
        """
        super().__init__(why)
        self.saw_message = saw_message
        self.only_for = only_for


class PermanentFailure(DeliveryFailure):
    """No later try of this message will succeed."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG that the HTML shows as ``cid:<content_id>``."""

    content_id: str
    png: bytes


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail."""

    name: str
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message ready to be sent to one recipient."""

    message_id: str
    """With its angle brackets; the same at every try."""
    recipient: str
    recipient_name: str
    subject: str
    text: str
    html: str
    written_at: datetime
    unsubscribe: str = ""
    """Address that stops such messages."""
    brief: str = ""
    """The same in a few lines, for a chat."""
    pictures: tuple[Picture, ...] = ()
    attachments: tuple[Attachment, ...] = ()


class Channel(Protocol):
    """Delivers one message at a time; may be called from any thread."""

    @property
    def patience(self) -> timedelta:
        """Longest time that one ``send`` may take; the lease of a message outlasts it."""

    def send(self, message: Rendered) -> None:
        """Deliver, or raise ``TemporaryFailure`` or ``PermanentFailure``; returns only when accepted."""


def open_channels(settings: Settings) -> dict[str, Channel]:
    """Every channel that ``settings`` configure, by name.

    Raises ``SettingsError`` where a chat names no channel or has no address of its kind.
    """
    _require_usable(settings)
    opened = ((name, _module(name).open_channel(settings)) for name in channel_names())
    return {name: channel for name, channel in opened if channel is not None}


def _require_usable(settings: Settings) -> None:
    problems = [problem for chat in settings.chats if (problem := chat_problem(chat))]
    if problems:
        raise SettingsError(f"chats: {problem}" for problem in problems)


def chat_kinds() -> tuple[str, ...]:
    """The channels that chats may name."""
    return tuple(name for name in channel_names() if hasattr(_module(name), "KIND"))


def chat_problem(chat: Chat) -> str:
    """Why a chat cannot be spoken to, without its address; empty where it can."""
    if chat.channel not in chat_kinds():
        return f"{chat.name!r} has channel {chat.channel!r}: write one of {', '.join(chat_kinds())}"
    if not _module(chat.channel).KIND.secret(chat.secret_url.get_secret_value()):
        return f"secret_url of {chat.name!r} is no address of such a chat: copy it from the robot's settings"
    return ""


def _module(name: str) -> ModuleType:
    return import_module(f"{__name__}.{name}")


def channel_names() -> tuple[str, ...]:
    """Every channel that the program has, configured or not."""
    return tuple(module.name for module in pkgutil.iter_modules(__path__))
