"""Mails from frozen payloads: text and HTML from templates, headers that nothing scraped can break."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any

from alerts.delivery.channels import Picture, Rendered
from alerts.delivery.mails.chart import draw_weeks
from alerts.delivery.mails.table import attached_table
from alerts.languages import templates_in
from vocabulary.names import CHINESE
from vocabulary.presentation import displayable

_TONES = {"critical": "#b3121d", "high": "#c2410c", "medium": "#a16207"}
"""Colours of severities, dark enough for white words on them."""


def render(
    template: str,
    payload: Mapping[str, Any],
    *,
    message_id: str,
    recipient: str,
    recipient_name: str,
    written_at: datetime,
) -> Rendered:
    """Fill one of ``templates/`` (``alert``, ``digest``, ``new_link``, …) with the payload of its letter.

    A payload that lacks something raises a ``jinja2.TemplateError`` or ``KeyError``.
    """
    # Letters that were written before there were languages are Chinese.
    spoken = payload.get("language", CHINESE)
    environment = templates_in(spoken, "alerts.delivery.mails")
    picture_id = f"chart.{message_id.strip('<>')}"
    values = {
        **payload,
        "recipient_name": displayable(recipient_name, limit=60),
        "picture_id": picture_id,
        "language": spoken,
        "TONES": _TONES,
    }
    pictures = (Picture(picture_id, draw_weeks(payload["weeks"])),) if "weeks" in payload else ()
    return Rendered(
        message_id=message_id,
        recipient=recipient,
        recipient_name=recipient_name,
        subject=displayable(payload["subject"], limit=120),
        text=environment.get_template(f"{template}.txt").render(values).strip() + "\n",
        html=environment.get_template(f"{template}.html").render(values),
        written_at=written_at,
        unsubscribe=payload["unsubscribe"],
        brief=environment.get_template(f"{template}.brief.txt").render(values).strip(),
        pictures=pictures,
        attachments=attached_table(payload, written_at),
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
    _attach_pictures(mail, message.pictures)
    for attachment in message.attachments:
        kind, _, subtype = attachment.media_type.partition("/")
        mail.add_attachment(attachment.body, kind, subtype, filename=attachment.name)
    digest = hashlib.sha256(message.message_id.encode()).hexdigest()[:32]
    for number, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(f"=_{number}_{digest}")
    return mail


def _attach_pictures(mail: EmailMessage, pictures: Sequence[Picture]) -> None:
    """Beside the HTML that shows them, not among the attachments."""
    page = mail.get_body(("html",))
    for picture in pictures:
        if isinstance(page, EmailMessage):
            page.add_related(picture.png, "image", "png", cid=f"<{picture.content_id}>", disposition="inline")


def ascii_domain(address: str) -> str:
    """The domain of a mail address as it stands in headers: ``例子.中国`` is ``xn--fsqu00a.xn--fiqs8s``."""
    return address.rpartition("@")[2].encode("idna").decode("ascii")


def envelope_address(address: str) -> str:
    """A mail address as SMTP takes it: its domain in ASCII, whichever way it was configured."""
    return f"{address.rpartition('@')[0]}@{ascii_domain(address)}"


def _address(name: str, address: str) -> Address:
    user = address.rpartition("@")[0]
    return Address(displayable(name, limit=60), username=user, domain=ascii_domain(address))
