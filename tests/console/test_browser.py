"""The console as people meet it: a mail's button, a telephone, Debian's Chromium."""

from __future__ import annotations

import re
import shutil
import signal
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlmodel import Session, update

from storage.tables import Document
from tests.alerts.stored import Posting, mention
from tests.console.visitor import Room
from tests.parts.operators import Operator
from vocabulary.codes import CaseState

CHROMIUM = shutil.which("chromium")
TELEPHONE = {"width": 360, "height": 740}
HOSTILE = '"><script>document.title="owned"</script><img src=x onerror="document.title=\'owned\'">\u202e'

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="Debian's chromium is not installed: nothing to look with"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as player:
        opened = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-quic"])
        yield opened
        opened.close()


@pytest.fixture
def telephone(browser: Browser) -> Iterator[Page]:
    """A page on a narrow screen; whatever it complains of fails the test."""
    context = browser.new_context(viewport=TELEPHONE, locale="zh-CN", color_scheme="dark")  # type: ignore[arg-type]
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    yield page
    context.close()
    assert [line for line in said if not re.search("status of 4(10|22) ", line)] == []


def _mail(operator: Operator) -> EmailMessage:
    """The first mail that the daemon writes."""
    deadline = time.monotonic() + 60
    while not (mails := operator.mails()):
        assert time.monotonic() < deadline, "no mail was written"
        time.sleep(0.2)
    return mails[0]


def _overflow(page: Page) -> int:
    """By how many pixels the page is wider than its screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def test_a_case_is_dismissed_from_the_button_of_a_mail(
    operator: Operator, telephone: Page, tmp_path: Path
) -> None:
    operator.environment |= {"QUALWATCH_CONSOLE__PORT": "0", "QUALWATCH_METRICS__PORT": "0"}
    daemon = operator.start("run")
    part = _mail(operator).get_body(("html",))
    assert part is not None
    letter = tmp_path / "mail.html"
    letter.write_text(part.get_content(), encoding="utf-8")
    telephone.goto(letter.as_uri())
    telephone.get_by_role("link", name="排除并说明理由").first.click()

    expect(telephone).to_have_title(re.compile("^案件 [0-9]+：.+ · Qualwatch$"))
    reason = telephone.get_by_label("理由（必填）")
    expect(reason).to_be_focused()
    expect(reason).to_be_in_viewport()
    assert _overflow(telephone) == 0
    number = re.findall("[0-9]+", telephone.title())[0]
    assert "dismissed" not in operator.run("case", "show", number).stdout

    telephone.keyboard.type("示例站点的虚构信息，不予处理")
    telephone.get_by_role("button", name="排除").click()
    expect(telephone.get_by_role("status")).to_have_text("已记录：排除。")
    shown = operator.run("case", "show", number)
    assert "已排除" in shown.stdout
    assert re.search("排除  qualwatch@example.com  示例站点的虚构信息，不予处理", shown.stdout)

    telephone.reload()
    telephone.go_back()
    telephone.go_forward()
    expect(telephone.locator(".head")).to_contain_text("已排除")
    assert operator.count("case_event", f"kind = 'dismissed' and case_id = {number}") == 1
    daemon.send_signal(signal.SIGINT)
    said = daemon.communicate(timeout=20)[0]
    assert daemon.returncode == 0
    assert "Traceback" not in said
    with_token = [line for line in said.splitlines() if "token" in line]
    assert all("尚无账号" in line for line in with_token), "the link to the first account, and no other"


def test_a_rectification_is_asked_for_with_a_day(room: Room, telephone: Page) -> None:
    case = room.report()
    telephone.goto(room.link(case))
    telephone.get_by_text("确认属实").first.click()
    telephone.get_by_role("button", name="确认属实").click()
    telephone.get_by_text("责令整改").first.click()
    telephone.get_by_role("button", name="责令整改").click()  # the browser asks for the day first
    assert room.state(case) is CaseState.CONFIRMED
    telephone.get_by_label("整改期限（必填）").fill("2026-11-30")
    telephone.get_by_role("button", name="责令整改").click()
    expect(telephone.locator(".head")).to_contain_text("2026年11月30日")
    assert room.state(case) is CaseState.RECTIFICATION_ASKED


def test_what_is_missing_is_said_where_the_eye_is(room: Room, telephone: Page) -> None:
    telephone.goto(room.link(room.report(), "dismiss"))
    telephone.get_by_label("理由（必填）").fill("　")  # more than the browser's own check wants
    telephone.get_by_role("button", name="排除").click()
    expect(telephone.get_by_role("alert")).to_have_text("“排除”须写明理由。")
    expect(telephone.get_by_role("alert")).to_be_in_viewport()


def test_hostile_words_neither_run_nor_break_the_page(room: Room, telephone: Page) -> None:
    text = f"{'长' * 3000}{HOSTILE}须持有{'会计从业资格证' * 1400}{HOSTILE}"
    quote = mention(
        text,
        start=text.index("会计"),
        end=text.index("会计") + 9800,
        qualification="W" * 300 + HOSTILE,
        explanation=HOSTILE + "x" * 3000,
        legal_basis=("y" * 500,),
        cue=HOSTILE,
    )
    case = room.report(Posting(text, title=HOSTILE + "z" * 400, publisher=HOSTILE + "q" * 300), quote)
    with Session(room.engine) as session, session.begin():
        session.execute(update(Document).values(url="https://a.example/" + "u" * 1800 + "?<script>"))
    telephone.goto(room.link(case, "dismiss"))
    telephone.get_by_label("理由（必填）").fill(HOSTILE * 5)
    telephone.get_by_role("button", name="排除").click()
    expect(telephone.get_by_role("status")).to_have_text("已记录：排除。")
    assert "案件" in telephone.title()
    assert telephone.locator("script, img").count() == 0
    assert _overflow(telephone) == 0


def test_the_page_is_drawn_with_its_own_stylesheet(room: Room, telephone: Page) -> None:
    telephone.goto(room.link(room.report()))
    style = "getComputedStyle(document.querySelector('.head .severity')).backgroundColor"
    assert telephone.evaluate(style) == "rgb(194, 65, 12)"
    assert telephone.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 20, 24)"


def test_an_expired_link_is_renewed_from_its_page(room: Room, telephone: Page) -> None:
    link = room.link(room.report())
    room.wait(days=20)
    with telephone.expect_response(link) as answered:
        telephone.goto(link)
    assert answered.value.status == 410
    telephone.get_by_role("button", name="发送新链接").click()
    expect(telephone.get_by_role("heading")).to_have_text("请查收邮件")
