"""All cases of a letter on one page, behind the link that the letter bears."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session, select

from alerts.delivery.links import Purpose, case_links
from alerts.languages import Language
from alerts.notifications.listing import COLUMNS, list_rows
from settings.model import Settings
from storage.tables import OutboxMessage

PER_PAGE = 100


class ListedCase(NamedTuple):
    """A case in one row; ``cells`` stand below ``alerts.notifications.listing.COLUMNS``."""

    number: int
    cells: list[Any]
    link: str


def read_list_page(
    session: Session, message_key: str, page: int, settings: Settings, speech: Language, *, now: datetime
) -> dict[str, Any] | None:
    """The cases that a letter told of, as they are now, a hundred at a time; None where it is not kept."""
    message = session.exec(select(OutboxMessage).where(OutboxMessage.key == message_key)).first()
    if message is None:
        return None
    cases = [case for case in message.payload.get("all_cases", ()) if isinstance(case, int)]
    pages = max(1, -(-len(cases) // PER_PAGE))
    page = min(max(page, 1), pages)
    first = (page - 1) * PER_PAGE
    rows = list_rows(session, cases[first : first + PER_PAGE], settings, speech)
    return {
        "subject": str(message.payload.get("subject", "")),
        "columns": [speech.say(column) for column in COLUMNS],
        "count": len(cases),
        "page": page,
        "pages": pages,
        "cases": [
            ListedCase(
                number,
                row,
                case_links(settings, row[0], message.recipient, now).get(Purpose.OPEN, ""),
            )
            for number, row in enumerate(rows, first + 1)
        ],
    }
