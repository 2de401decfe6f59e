"""Reports that came by the form, as a mailbox: they wait in the database for the intake."""

from __future__ import annotations

from sqlmodel import Session, col, func, select

from cases.public_reports import mark_taken_in
from crawling.mailboxes import MESSAGES_AT_ONCE, MailboxError, Waiting
from jobs.context import Context
from storage.database import for_reading, one_transaction
from storage.tables import PublicReport


class ReportBox:
    """A :class:`crawling.mailboxes.Mailbox` over the table of reports."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def waiting(self) -> list[Waiting]:
        wanted = (
            select(PublicReport.id, func.length(PublicReport.message))
            .where(col(PublicReport.taken_in_at).is_(None))
            .order_by(col(PublicReport.id))
            .limit(MESSAGES_AT_ONCE)
        )
        with Session(for_reading(self._context.engine)) as session, session.begin():
            return [Waiting(str(number), int(size or 0)) for number, size in session.exec(wanted)]

    def read(self, message: Waiting) -> bytes:
        with Session(for_reading(self._context.engine)) as session, session.begin():
            report = session.get(PublicReport, int(message.name))
            if report is None:
                raise MailboxError(f"report {message.name} is gone")
            return report.message

    def mark(self, message: Waiting, *, flagged: bool) -> None:  # noqa: ARG002 - as mailboxes do
        _mark(self._context, int(message.name))


@one_transaction
def _mark(context: Context, report_id: int) -> None:
    with context.transaction() as session:
        mark_taken_in(session, report_id, context.now())
