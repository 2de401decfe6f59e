"""Mails in Debian's Chromium: what sticks out of them at a width."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from storage.tables import OutboxMessage
from tests.alerts.reading import rendered

CHROMIUM = shutil.which("chromium")
NO_CHROMIUM = "Debian's chromium is not installed: nothing to look with"
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)
STICKS_OUT = """
() => [...document.querySelectorAll(".card")].flatMap(card =>
    [...card.querySelectorAll("*")]
        .filter(each => each.getBoundingClientRect().right > card.getBoundingClientRect().right)
        .map(each => `${each.tagName}: ${each.textContent.slice(0, 40)}`))
"""


@contextmanager
def opened_browser() -> Iterator[Browser]:
    with sync_playwright() as player:
        opened = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-quic"])
        yield opened
        opened.close()


def open_mail(page: Page, row: OutboxMessage) -> None:
    """Show a mail as its reader sees it, pictures in place."""
    message = rendered(row)
    html = message.html
    for picture in message.pictures:
        shown = f"data:image/png;base64,{base64.b64encode(picture.png).decode()}"
        html = html.replace(f"cid:{picture.content_id}", shown)
    page.set_content(html)


def what_sticks_out(page: Page, row: OutboxMessage, width: int) -> list[str]:
    """Words of what is wider than the mail, and the mail itself where it is wider than the screen."""
    open_mail(page, row)
    wide = page.evaluate("document.documentElement.scrollWidth")
    return [*page.evaluate(STICKS_OUT), *([f"{wide} px"] if wide != width else [])]
