"""Letters of the outbox as a mail program reads them."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from alerts.delivery.channels import Rendered
from alerts.delivery.mails import render, to_email
from storage.tables import OutboxMessage

SENDER = "Qualwatch <qualwatch@localhost>"


def rows(engine: Engine) -> list[OutboxMessage]:
    with Session(engine) as session:
        return list(session.exec(select(OutboxMessage).order_by(col(OutboxMessage.id))))


def rendered(row: OutboxMessage) -> Rendered:
    return render(
        row.template,
        row.payload,
        message_id=row.message_id,
        recipient=row.recipient,
        recipient_name=row.recipient_name,
        written_at=row.created_at,
    )


def as_mail(row: OutboxMessage) -> EmailMessage:
    """Written as bytes and read by the mail parser."""
    return email.message_from_bytes(to_email(rendered(row), SENDER).as_bytes(), policy=email.policy.default)


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())
