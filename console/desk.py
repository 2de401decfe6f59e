"""What every page needs: the house, the templates, and who stands before the desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse

from alerts.delivery.links import Link, LinkRefused, ListLink, read_link, read_list_link
from alerts.languages import Language, language, templates_in
from alerts.recipients import Recipient, addressee
from cases.case_filter import CaseScope
from cases.trends import Trends
from console.context import Context
from console.kept import Kept
from settings.model import Settings
from settings.sources import Source
from storage.sealing import Seal
from storage.turns import Limit, take_turn
from storage.unread import Unread
from vocabulary.names import CHINESE

CHECKS_PER_MINUTE = 20
CODES_PER_MINUTE = 20
REPORTS_PER_MINUTE = 10
_CHINESE = language(CHINESE)


class FormerRecipient(LinkRefused):
    """The link is valid, and whom it was sent to is nobody here any more."""


class Turns:
    """How many of something strangers may have within a minute, from whichever process they ask."""

    def __init__(self, context: Callable[[], Context], limit: Limit) -> None:
        self._context = context
        self._limit = limit

    def take(self, origin: str = "") -> bool:
        """Whether one is left for the machine ``origin``; empty: whoever asks."""
        context = self._context()
        with context.transaction() as session:
            return take_turn(session, self._limit, origin, context.now())


class Desk:
    """The console as its pages see it."""

    def __init__(self, context: Callable[[], Context]) -> None:
        self._context = context
        self.prefix = urlsplit(self.settings.console.base_url).path.rstrip("/")
        """What stands before every path where a reverse proxy serves the console in a folder."""
        self.checks = Turns(context, Limit("checks", CHECKS_PER_MINUTE, CHECKS_PER_MINUTE))
        """Texts that all visitors who have not entered may have judged."""
        self.codes = Turns(context, Limit("codes", CODES_PER_MINUTE, 10 * CODES_PER_MINUTE))
        """Codes of notices that may be tried."""
        self.trends = Kept[tuple[CaseScope, int, str], Trends](timedelta(minutes=5))
        """By whose cases, of how many weeks, and in which region."""
        self.unread = Kept[str, tuple[Unread, ...]](timedelta(minutes=1))
        """What only a person can read, of all sources."""
        self.reports = Turns(context, Limit("reports", REPORTS_PER_MINUTE, 4 * REPORTS_PER_MINUTE))
        """Reports of the public that are taken, and receipts that may be tried."""

    @property
    def context(self) -> Context:
        """What the program works with at this moment: its sources may have changed."""
        return self._context()

    @property
    def settings(self) -> Settings:
        """Those of this moment: supervisors of the desk come and go."""
        return self._context().settings

    def identify(self, token: str) -> tuple[Link, Recipient]:
        """What ``token`` says, and whose it is; raises ``LinkRefused``.

        Somebody who left the configuration has left the house: their old mails open nothing.
        """
        link = read_link(self.settings, token, self.context.now())
        return link, self.recipient(link)

    def identify_list(self, token: str) -> tuple[ListLink, Recipient]:
        """The same for the link to the list of a letter."""
        link = read_list_link(self.settings, token, self.context.now())
        return link, self.recipient(link)

    def recipient(self, link: Link | ListLink) -> Recipient:
        """Whom ``link`` was sent to; raises ``FormerRecipient``."""
        recipient = addressee(self.settings, link.recipient)
        if recipient is None:
            raise FormerRecipient(f"{link.recipient} receives no mails any more")
        return recipient

    def open_seal(self) -> Seal:
        """What seals contacts and secrets of authenticators; raises ``SealError`` and ``OSError``."""
        return Seal(self.settings.storage.directory, self.settings.console.contact_key.get_secret_value())

    def sources(self) -> tuple[Source, ...]:
        """The places that are watched, those that the program serves itself too."""
        return self.context.sources or self.settings.watched()

    def page(
        self, template: str, values: Mapping[str, Any], *, status: int = 200, speech: Language = _CHINESE
    ) -> HTMLResponse:
        """``templates/<template>.html``, filled in; Chinese where nobody knows who reads it."""
        page = templates_in(speech.code, "console").get_template(f"{template}.html")
        return HTMLResponse(
            page.render(prefix=self.prefix, language=speech.code, **values), status_code=status
        )
