"""What each role does in a day, in Debian's Chromium: from signing in to what the public reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlmodel import Session

from alerts.delivery.links import answer_code
from settings.model import Settings
from storage.tables import Case
from tests.accounts.office import PASSWORD
from tests.alerts.stored import Posting
from tests.console.test_api import Program
from tests.console.test_desk_browser import CHROMIUM
from tests.console.test_signing_in import employ
from tests.console.visitor import TEXT, Room
from vocabulary.codes import CaseState
from vocabulary.people import Role

PATIENCE = 60_000
"""Milliseconds, on a machine that has much else to do."""

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="Debian's chromium is not installed: nothing to look with"
)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    console = settings.console.model_copy(update={"public_reports": True})
    return settings.model_copy(update={"console": console})


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as player:
        opened = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-quic"])
        yield opened
        opened.close()


@contextmanager
def _screen(browser: Browser, room: Room) -> Iterator[Page]:
    """A browser of somebody's own; a dialog, an error or an answer from elsewhere fails."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, locale="zh-CN")
    page, said = context.new_page(), list[str]()
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
    page.on("response", lambda got: said.append(got.url) if not got.url.startswith(room.url) else None)
    yield page
    context.close()
    assert said == []


@contextmanager
def _signed_in(browser: Browser, room: Room, role: Role) -> Iterator[Page]:
    """The desk of a new account of that role, behind the form of signing in."""
    employ(room, f"{role.value}@example.com", role)
    with _screen(browser, room) as page:
        page.goto(room.url)
        page.get_by_label("邮箱").fill(f"{role.value}@example.com")
        page.get_by_label("密码", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        expect(page).to_have_title(re.compile("^今日"))
        yield page


def _ask(room: Room, case: int, state: CaseState = CaseState.RECTIFICATION_ASKED) -> None:
    """Let the case stand where it was asked to be put right."""
    with Session(room.engine) as session, session.begin():
        found = session.get_one(Case, case)
        found.state, found.deadline = state, room.context.today() + timedelta(days=10)


def test_a_reviewer_finds_reads_decides_hands_over_extends_and_exports(browser: Browser, room: Room) -> None:
    first, second = room.copies([{}])
    third = room.report(Posting(TEXT, "另一公告", "某职业学校", "https://hr.example.com/2.html"))
    _ask(room, third)
    employ(room, "li@example.com")
    with _signed_in(browser, room, Role.REVIEWER) as page:
        page.get_by_label("查找案件").fill("某职业学校")
        page.get_by_label("查找案件").press("Enter")
        page.get_by_role("link", name="会计从业资格").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("会计从业资格")
        page.goto(f"{room.url}/cases?state=all")
        for case in (first, second):
            page.get_by_label(f"选择案件 {case}", exact=True).check()
        page.get_by_label("步骤").select_option("confirm")
        page.get_by_role("button", name="执行").click()
        expect(page.get_by_role("status")).to_contain_text("已处理2项")
        with page.expect_download() as register:
            page.get_by_role("link", name="CSV").click()
        assert "某职业学校" in register.value.path().read_text("utf-8-sig")
        page.goto(f"{room.url}/cases/{third}")
        page.get_by_text("申请延期").first.click()
        page.get_by_label("延至（必填）").fill(str(room.context.today() + timedelta(days=30)))
        page.get_by_label("延期的理由（必填）").fill("假期")
        page.get_by_role("button", name="申请延期").click()
        page.get_by_text("转办").first.click()
        page.get_by_label("转给").select_option("li@example.com")
        page.get_by_role("button", name="转办").click()
        expect(page.locator("#handling")).to_contain_text("未签收")
    with _signed_in(browser, room, Role.ADMINISTRATOR) as page:
        page.goto(f"{room.url}/cases/{third}")
        page.get_by_role("button", name="同意延期").click()
        expect(page.locator("#handling")).not_to_contain_text("申请延期至")
    assert [room.state(case) for case in (first, second)] == [CaseState.CONFIRMED] * 2
    kinds = [event.kind for event in room.events(third)]
    assert kinds[-3:] == ["extension_asked", "assigned", "extended"]


def test_the_addressee_answers_and_the_reviewer_strikes_the_case_off(browser: Browser, room: Room) -> None:
    case = room.report()
    _ask(room, case)
    with _screen(browser, room) as page:
        page.goto(f"{room.url}/answer")
        page.get_by_label("反馈码").fill(answer_code(room.context.settings, case).lower())
        page.get_by_role("button", name="继续").click()
        page.get_by_label("整改情况（必填）").fill("已删除证书要求，重新发布。")
        page.get_by_label("填写人（必填）").fill("张某")
        proof = {"name": "更正.txt", "mimeType": "text/plain", "buffer": "更正公告".encode()}
        page.get_by_label("证明材料").set_input_files(proof)  # type: ignore[arg-type]
        page.get_by_role("button", name="提交反馈").click()
        expect(page.get_by_role("status")).to_contain_text("反馈已收到")
    with _signed_in(browser, room, Role.REVIEWER) as page:
        page.goto(f"{room.url}/cases/{case}")
        expect(page.locator("#answers")).to_contain_text("已删除证书要求")
        page.get_by_role("button", name="通过，销号").click()
        expect(page.locator("#answers")).to_contain_text("已通过")
    assert room.state(case) is CaseState.RECTIFIED


def test_the_public_reports_and_sees_what_became_of_it(browser: Browser, room: Room) -> None:
    with _screen(browser, room) as page:
        page.goto(f"{room.url}/report")
        page.get_by_label("文字").fill("某医院招聘出纳，须持有会计从业资格证。")
        page.get_by_label("联系方式").fill("赵女士 13912345678")
        page.get_by_role("button", name="提交举报").click()
        expect(page.get_by_role("status")).to_have_text("举报已收到。")
        page.get_by_role("link", name="查询办理情况").click()
        expect(page.locator("main")).to_contain_text("状态")
    with _signed_in(browser, room, Role.ADMINISTRATOR) as page:
        page.get_by_role("link", name="举报", exact=True).click()
        expect(page.locator("main")).not_to_contain_text("赵女士")
        page.get_by_role("button", name="查看联系方式").click()
        expect(page.locator("main")).to_contain_text("赵女士 13912345678")


def test_an_administrator_publishes_what_the_public_reads(browser: Browser, room: Room) -> None:
    case = room.report()
    _ask(room, case, CaseState.OVERDUE)
    with _signed_in(browser, room, Role.ADMINISTRATOR) as page:
        page.goto(f"{room.url}/cases/{case}")
        page.get_by_label("说明（选填，一并公布）").fill("多次提醒未改")
        page.get_by_role("button", name="公布到曝光台").click()
        expect(page.get_by_role("button", name="撤下")).to_be_visible()
    with _screen(browser, room) as page:
        page.goto(f"{room.url}/published")
        expect(page.locator("article")).to_contain_text("多次提醒未改")
        page.goto(f"{room.url}/cases/{case}")
        expect(page).to_have_title(re.compile("^登录"))


def test_a_viewer_reads_and_is_refused_by_page_and_interface(browser: Browser, room: Room) -> None:
    case = room.report()
    _ask(room, case, CaseState.OVERDUE)
    with _signed_in(browser, room, Role.VIEWER) as page:
        page.goto(f"{room.url}/cases")
        expect(page.get_by_role("checkbox", name=f"选择案件 {case}")).to_have_count(0)
        expect(page.get_by_role("button", name="执行")).to_have_count(0)
        page.get_by_role("link", name="会计从业资格").click()
        for words in ("转办", "公布到曝光台", "确认属实", "添加备注"):
            expect(page.get_by_role("button", name=words)).to_have_count(0)
        key = page.locator("input[name=form_key]").first.input_value()
        for path in (f"/cases/{case}/step", f"/cases/{case}/publication", f"/cases/{case}/note"):
            fields: dict[str, str | float | bool] = {
                "form_key": key,
                "step": "rectified",
                "public": "yes",
                "note": "x",
            }
            headers = {"Origin": room.url}
            assert page.request.post(room.url + path, form=fields, headers=headers).status == 403
    program = Program(room, "viewer@example.com", Role.VIEWER)
    assert program.get(f"/cases/{case}").status_code == 200
    assert program.post(f"/cases/{case}/steps", {"step": "rectified"}).status_code == 403
    assert room.state(case) is CaseState.OVERDUE


def test_paper_bears_what_is_read_and_nothing_that_is_clicked(browser: Browser, room: Room) -> None:
    case = room.report()
    _ask(room, case)
    with _signed_in(browser, room, Role.REVIEWER) as page:
        page.emulate_media(media="print", color_scheme="dark")
        for path in (f"/cases/{case}", "/cases?state=all", "/trends"):
            page.goto(room.url + path)
            for name in ("button", "navigation", "combobox", "textbox", "checkbox"):
                assert page.get_by_role(name).count() == 0, (path, name)
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
            page.set_viewport_size({"width": 700, "height": 1000})  # paper is narrow, and tables stay tables
            tables = page.evaluate(
                "[...document.querySelectorAll('tbody tr')].map(each => getComputedStyle(each).display)"
            )
            assert set(tables) <= {"table-row"}, path
            assert page.evaluate("document.documentElement.scrollWidth") <= 700, path
