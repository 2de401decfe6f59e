"""Links in mails that prove whom they were sent to, and end.

A link only opens a page: what it is for (``open``, ``dismiss``) is done by a form on that page, because mail
programs follow links on their own.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from itsdangerous import BadSignature, URLSafeSerializer

from settings.model import Settings
from storage.kept_key import kept_key

_SALT = "qualwatch.alerts.links"
_LIST_SALT = "qualwatch.alerts.lists"
_DESK_SALT = "qualwatch.alerts.desk"
DESK_MINUTES = 30
"""How long a link to the desk may wait to be opened: it opens everything that its owner may see."""
FIRST_HOURS = 24
"""How long the link to the first account, which a start prints, is valid."""
_FIRST_SALT = "qualwatch.alerts.first"
_ANSWER_SALT = "qualwatch.alerts.answers"
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Of codes that people type off paper: none that is taken for another (Crockford's base 32)."""
_CODE = re.compile(r"(\d{1,10})-?([0-9A-Z]{4})-?([0-9A-Z]{4})-?([0-9A-Z]{4})")
_KEY_FILE = "link.key"
_ADDRESS_FILE = "console.address"


class Purpose(StrEnum):
    OPEN = "open"
    DISMISS = "dismiss"


class LinkRefused(Exception):  # noqa: N818 - the field's word
    """The link opens nothing."""


class ForgedLink(LinkRefused):
    """It was not made here, or was changed."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a valid link says."""

    case_id: int
    purpose: Purpose
    recipient: str
    """Address that the mail went to: the actor of what is done behind the link."""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ListLink:
    """What a valid link to the list of a letter's cases says."""

    message_key: str
    """The letter's, in the outbox."""
    recipient: str
    expires_at: datetime


class ExpiredListLink(LinkRefused):
    """It was valid once, and led to a list."""


class ExpiredLink(LinkRefused):
    """It was valid once: ``link`` is what it said."""

    def __init__(self, message: str, link: Link) -> None:
        super().__init__(message)
        self.link = link


class ServedAt(NamedTuple):
    """Where the console was last served, and for which ``host:port`` it had been asked."""

    asked: str
    url: str


def case_links(settings: Settings, case_id: int, recipient: str, now: datetime) -> Mapping[str, str]:
    """Address by purpose, for one recipient; empty where no console can be reached.

    An address is ``<base>/cases/<case>/<purpose>?token=…``.
    """
    base = console_address(settings)
    if not base:
        return {}
    expires = int((now + timedelta(days=settings.console.link_days)).timestamp())
    signer = _signer(settings)
    return {
        purpose.value: f"{base}/cases/{case_id}/{purpose}?token="
        + _text(signer.dumps([case_id, purpose.value, recipient, expires]))
        for purpose in Purpose
    }


def list_link(settings: Settings, message_key: str, recipient: str, now: datetime) -> str:
    """Address of the page that lists all cases of a letter; empty where no console can be reached."""
    base = console_address(settings)
    if not base:
        return ""
    expires = int((now + timedelta(days=settings.console.link_days)).timestamp())
    return f"{base}/lists?token=" + _text(
        _signer(settings, _LIST_SALT).dumps([message_key, recipient, expires])
    )


def desk_link(settings: Settings, recipient: str, now: datetime) -> str:
    """Address that opens the desk for ``recipient``, for half an hour; empty where no console is reached."""
    base = console_address(settings)
    if not base:
        return ""
    expires = int((now + timedelta(minutes=DESK_MINUTES)).timestamp())
    return f"{base}/enter?token=" + _text(_signer(settings, _DESK_SALT).dumps([recipient, expires]))


def read_desk_link(settings: Settings, token: str, now: datetime) -> str:
    """Whose link ``token`` is; raises ``ForgedLink``, also where it has ended."""
    return read_signed(settings, _DESK_SALT, token, now)


def invitation_link(settings: Settings, token: str) -> str:
    """Address at which the owner of a new account chooses a password; empty where no console is reached."""
    base = console_address(settings)
    return f"{base}/welcome?{urlencode({'token': token})}" if base else ""


def first_account_link(settings: Settings, now: datetime) -> str:
    """Address at which the first account is made: it opens nothing any more once there is one.

    Empty where no console can be reached.
    """
    base = console_address(settings)
    until = now + timedelta(hours=FIRST_HOURS)
    return f"{base}/first?token={sign(settings, _FIRST_SALT, settings.administrator, until)}" if base else ""


def read_first_account_link(settings: Settings, token: str, now: datetime) -> str:
    """The address of whom ``token`` is for; raises ``ForgedLink``, also where it has ended."""
    return read_signed(settings, _FIRST_SALT, token, now)


def answer_code(settings: Settings, case_id: int) -> str:
    """What a notice bears, and by which its addressee answers: ``17-8Q2D-M4XA-09PT``."""
    digest = hmac.digest(_secret(settings).encode(), f"{_ANSWER_SALT} {case_id}".encode(), "sha256")
    letters = "".join(_LETTERS[byte % 32] for byte in digest[:12])
    return f"{case_id}-{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def read_answer_code(settings: Settings, typed: str) -> int:
    """The case of a code, as somebody typed it; raises ``ForgedLink``."""
    plain = "".join(unicodedata.normalize("NFKC", typed[:60]).upper().split())
    plain = re.sub(r"[-\u2010-\u2015\u2212_]+", "-", plain).translate(str.maketrans("OIL", "011"))
    found = _CODE.fullmatch(plain)
    if found is None:
        raise ForgedLink("this is no code of a notice")
    case_id = int(found[1])
    if not hmac.compare_digest(answer_code(settings, case_id), f"{case_id}-{'-'.join(found.groups()[1:])}"):
        raise ForgedLink("the code is not of that case")
    return case_id


def sign(settings: Settings, salt: str, words: str, until: datetime) -> str:
    """``words`` so that ``read_signed`` reads them until then, and nobody else can have written them."""
    return _text(_signer(settings, salt).dumps([words, int(until.timestamp())]))


def read_signed(settings: Settings, salt: str, token: str, now: datetime) -> str:
    """What was signed for the same ``salt``; raises ``ForgedLink``, also where it has ended."""
    try:
        words, expires = _signer(settings, salt).loads(token)
        until = datetime.fromtimestamp(expires, UTC)
    except (BadSignature, ValueError, TypeError, OverflowError) as error:
        raise ForgedLink("this was not signed here, or it was changed") from error
    if until <= now:
        raise ForgedLink(f"this was valid until {until:%Y-%m-%d %H:%M} UTC")
    return str(words)


def console_address(settings: Settings) -> str:
    """Where mails send their readers, without a slash at the end; empty: there is no console.

    Without ``console.base_url`` it is where the daemon of this directory serves it, or last served it, so
    that the mails of every command find it. Mails that leave this machine do not: at their reader's, that
    address leads nowhere.
    """
    if settings.console.base_url or not settings.console.enabled or settings.mail.channel == "smtp":
        return settings.console.base_url.rstrip("/")
    served = last_served(settings.storage.directory)
    return served.url if served else ""


def last_served(directory: Path) -> ServedAt | None:
    """What ``remember_served`` wrote; None where no console was served yet."""
    try:
        words = (directory / _ADDRESS_FILE).read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError):
        return None
    return ServedAt(*words) if len(words) == 2 else None


def remember_served(directory: Path, served: ServedAt) -> None:
    """Keep the address for mails, and for the next start, which takes it again where it can."""
    aside = directory / f"{_ADDRESS_FILE}.new"
    aside.write_text(" ".join(served), encoding="utf-8")
    aside.replace(directory / _ADDRESS_FILE)


def read_link(settings: Settings, token: str, now: datetime) -> Link:
    """What ``token`` says; raises ``ForgedLink`` or ``ExpiredLink``."""
    try:
        case_id, purpose, recipient, expires = _signer(settings).loads(token)
        link = Link(int(case_id), Purpose(purpose), str(recipient), datetime.fromtimestamp(expires, UTC))
    except (BadSignature, ValueError, TypeError) as error:
        raise ForgedLink("the link was not made by this program, or it was changed") from error
    if link.expires_at <= now:
        raise ExpiredLink(f"the link was valid until {link.expires_at:%Y-%m-%d %H:%M} UTC", link)
    return link


def read_list_link(settings: Settings, token: str, now: datetime) -> ListLink:
    """What ``token`` of a list says; raises ``ForgedLink`` or ``ExpiredListLink``."""
    try:
        message_key, recipient, expires = _signer(settings, _LIST_SALT).loads(token)
        link = ListLink(str(message_key), str(recipient), datetime.fromtimestamp(expires, UTC))
    except (BadSignature, ValueError, TypeError) as error:
        raise ForgedLink("the link was not made by this program, or it was changed") from error
    if link.expires_at <= now:
        raise ExpiredListLink(f"the link was valid until {link.expires_at:%Y-%m-%d %H:%M} UTC")
    return link


def _signer(settings: Settings, salt: str = _SALT) -> URLSafeSerializer:
    return URLSafeSerializer(_secret(settings), salt=salt, signer_kwargs={"digest_method": hashlib.sha256})


def _secret(settings: Settings) -> str:
    return settings.console.link_secret.get_secret_value() or kept_key(
        settings.storage.directory, _KEY_FILE, lambda: secrets.token_urlsafe(32)
    )


def _text(signed: str | bytes) -> str:
    return signed if isinstance(signed, str) else signed.decode("ascii")
