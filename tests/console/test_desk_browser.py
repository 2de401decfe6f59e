"""A day at the desk in Debian's Chromium: found, ticked, decided by keyboard; nothing of a page runs."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlmodel import update

from storage.evidence import Exchange
from storage.tables import DocumentVersion
from tests.console.hostile import PAYLOADS
from tests.console.visitor import Room
from vocabulary.codes import CaseState

CHROMIUM = shutil.which("chromium")
WIDTHS = (390, 1400)
BLOCKED = re.compile(
    "sandboxed|violates the following Content Security Policy|Unsafe attempt to load URL data:"
)
"""What Chromium says when the archived page's own scripts and pictures are kept from running and loading."""

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="Debian's chromium is not installed: nothing to look with"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as player:
        opened = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-quic"])
        yield opened
        opened.close()


@contextmanager
def _at_the_desk(browser: Browser, room: Room, width: int, who: str = "wang@example.com") -> Iterator[Page]:
    """Somebody's desk; a dialog, an error, an answer from elsewhere or a page that is too wide fails."""
    context = browser.new_context(viewport={"width": width, "height": 800}, locale="zh-CN")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
    page.on("response", lambda got: said.append(got.url) if not got.url.startswith(room.url) else None)
    page.goto(room.desk_link(who))
    yield page
    context.close()
    assert [line for line in said if not BLOCKED.search(line)] == []


def _fits(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_many_are_decided_with_the_keyboard_alone(browser: Browser, room: Room, width: int) -> None:
    cases = room.copies([{"title": f"公告{number}"} for number in range(3)])
    with _at_the_desk(browser, room, width) as page:
        page.get_by_role("link", name="新发现，待核查").press("Enter")
        _fits(page, width)
        for case in cases[:2]:
            page.get_by_label(f"选择案件 {case}", exact=True).press("Space")
        page.get_by_label("步骤").select_option("dismiss")
        page.get_by_label("排除理由").select_option("job_title")
        page.get_by_role("button", name="执行").press("Enter")
        expect(page.get_by_role("status")).to_contain_text("已处理2项")
        _fits(page, width)
    assert [room.state(case) for case in cases] == [CaseState.DISMISSED] * 2 + [CaseState.FOUND] * 2


def test_pages_of_hostile_words_run_and_load_nothing(browser: Browser, room: Room) -> None:
    names = ("title", "publisher", "qualification", "url")
    room.copies([dict.fromkeys(names, words) for words in PAYLOADS])
    body = "\n".join(PAYLOADS).encode()
    exchange = Exchange("https://hr.example.com/x", "GET", (), 200, "OK", (), body, room.context.now())
    ref = room.context.evidence.write(exchange)
    with room.context.transaction() as session:
        changed = {
            "evidence_file": ref.file,
            "evidence_record": ref.record_id,
            "evidence_offset": ref.offset,
            "body_sha256": ref.body_sha256,
            "text": "\n".join(PAYLOADS),
        }
        session.execute(update(DocumentVersion).values(**changed, charset="utf-8"))
    with _at_the_desk(browser, room, 1400) as page:
        for path in ("/today", "/cases?size=200", "/cases/2", "/cases/1", "/cases/1/text/1"):
            page.goto(room.url + path)
            _fits(page, 1400)
        page.goto(f"{room.url}/cases/1/archived/1")
        expect(page.get_by_text("已核对：存档内容与取得时的摘要一致。")).to_be_visible()
        assert len(page.frames) >= 2
        page.wait_for_load_state("networkidle")
        assert "工作台" not in page.title()
        assert page.url.startswith(room.url)
