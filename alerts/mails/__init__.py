"""Mails from frozen payloads: text and HTML from templates, headers that nothing scraped can break."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from alerts.channels import Rendered
from alerts.passages import displayable


def render(
    template: str,
    payload: Mapping[str, Any],
    *,
    message_id: str,
    recipient: str,
    recipient_name: str,
    written_at: datetime,
) -> Rendered:
    """Fill ``template`` (``alert``) with a payload of ``alerts.letters``.

    A payload that lacks something raises a ``jinja2.TemplateError`` or ``KeyError``.
    """
    environment = _environment()
    values = {**payload, "recipient_name": displayable(recipient_name, limit=60)}
    return Rendered(
        message_id=message_id,
        recipient=recipient,
        recipient_name=recipient_name,
        subject=displayable(payload["subject"], limit=120),
        text=environment.get_template(f"{template}.txt").render(values).strip() + "\n",
        html=environment.get_template(f"{template}.html").render(values),
        written_at=written_at,
        unsubscribe=payload["unsubscribe"],
    )


def to_email(message: Rendered, sender: str) -> EmailMessage:
    """The message as a mail from ``sender`` (``Name <address>``); the same bytes at every try."""
    mail = EmailMessage(policy=SMTP)
    mail["Message-ID"] = message.message_id
    mail["Date"] = format_datetime(message.written_at)
    mail["From"] = _address(*parseaddr(sender))
    mail["To"] = _address(message.recipient_name, message.recipient)
    mail["Subject"] = displayable(message.subject, limit=120)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if message.unsubscribe:
        mail["List-Unsubscribe"] = f"<mailto:{message.unsubscribe}?subject=unsubscribe>"
    # Lines of Chinese outgrow the 998 bytes that SMTP allows, hence base64.
    mail.set_content(message.text, charset="utf-8", cte="base64")
    mail.add_alternative(message.html, subtype="html", charset="utf-8", cte="base64")
    mail.set_boundary("=_" + hashlib.sha256(message.message_id.encode()).hexdigest()[:32])
    return mail


def ascii_domain(address: str) -> str:
    """The domain of a mail address as it stands in headers: ``例子.中国`` is ``xn--fsqu00a.xn--fiqs8s``."""
    return address.rpartition("@")[2].encode("idna").decode("ascii")


def _address(name: str, address: str) -> Address:
    user = address.rpartition("@")[0]
    return Address(displayable(name, limit=60), username=user, domain=ascii_domain(address))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("alerts.mails"),
        autoescape=select_autoescape(("html",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
