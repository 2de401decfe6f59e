"""A letter with fresh links, for somebody whose links have expired."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from alerts.delivery.outbox import enqueue
from alerts.languages import language
from alerts.notifications.digest import digest_block
from alerts.notifications.letters import Letter, case_links_of
from alerts.recipients import Recipient
from settings.model import Settings
from storage.tables import Case


def send_link(
    session: Session, case_id: int, recipient: Recipient, settings: Settings, now: datetime
) -> bool:
    """Write fresh links of a case to ``recipient``, in the caller's transaction; False where there is none.

    At most one such letter per case, recipient and hour is written: whoever finds an old link can at worst
    have its owner reminded of it.
    """
    case = session.get(Case, case_id)
    if case is None:
        return False
    to, speech = replace(recipient, reason="", chats=()), language(recipient.language)
    block = digest_block(session, case, settings, speech)
    payload = {
        "language": speech.code,
        "case_ids": [],
        "subject": speech.say(
            "【新链接】案件{case}：{qualification}｜{publisher}",
            case=case_id,
            qualification=block["qualification"],
            publisher=block["publisher"],
        ),
        "cases": [block],
        "days": settings.console.link_days,
        "links": case_links_of([case], to, settings, now),
        "unsubscribe": settings.administrator,
    }
    about = f"case:{case_id}:link:{now:%Y-%m-%dT%H}"
    enqueue(session, Letter(about, "new_link", to, payload, case_id), settings, now)
    return True
