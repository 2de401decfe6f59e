"""Who stands behind the link of a mail, and whether they may act.

Without accounts the link itself says who that is. With accounts it shows its case and no more: whoever wants
to act signs in and does so at the desk, in their own name and within their own rights, whoever the mail was
sent to. So a mail that is passed on acts for nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session
from starlette.requests import Request

from accounts import people
from alerts.delivery.links import ExpiredLink, ForgedLink, Link, read_link
from alerts.recipients import Recipient
from console.desk import Desk
from console.viewer import has_accounts, viewer_of
from storage.database import for_reading


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody before the page of a link."""

    link: Link
    recipient: Recipient
    """Whom it was sent to, or who has signed in."""
    may_act: bool
    is_signed_in: bool = False
    """With an account: their place is the desk."""


def identify(desk: Desk, request: Request, token: str, case: str) -> Visitor:
    """Who follows the link ``token`` to ``case``; raises ``LinkRefused``."""
    viewer = viewer_of(desk, request)
    if viewer is not None and viewer.has_account:
        recipient = Recipient(viewer.email, viewer.name, language=viewer.language)
        visitor = Visitor(_whenever(desk, token), recipient, may_act=False, is_signed_in=True)
    elif has_accounts(desk):
        visitor = Visitor(*_outside(desk, token), may_act=False)
    else:
        visitor = Visitor(*desk.identify(token), may_act=True)
    if case != str(visitor.link.case_id):
        raise ForgedLink("the link was made for another case")
    return visitor


def _whenever(desk: Desk, token: str) -> Link:
    """What the link says, however old it is: an account opens the case, not the link."""
    try:
        return read_link(desk.settings, token, desk.context.now())
    except ExpiredLink as expired:
        return expired.link


def _outside(desk: Desk, token: str) -> tuple[Link, Recipient]:
    """The same as ``desk.identify``, also for a recipient whom an account alone makes somebody here."""
    link = read_link(desk.settings, token, desk.context.now())
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        account = people.find(session, link.recipient)
        if account is not None and account.disabled_at is None:
            return link, Recipient(account.email, account.name, language=account.language)
    return link, desk.recipient(link)
