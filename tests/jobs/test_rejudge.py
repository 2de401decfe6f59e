"""Judging again after a real import, with the real command line: both ways, once, and back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from catalogue.imported import ImportedItem, ImportedList
from tests.catalogue import stored_lists
from tests.parts.house import POSTING, listing, posting
from tests.parts.loopback import Site
from tests.parts.operators import Operator
from vocabulary.codes import Status

UNKNOWN = "示例市某局招聘工作人员1名，须持有雨伞修理师资格证书。"
PAGES = {
    "/a/20261101_101.html": POSTING,
    "/a/20261102_102.html": UNKNOWN,
    "/a/20261103_103.html": "示例市某局招聘文员1名，学历不限。",
}
NUMBER = "示例发〔2026〕9号"
SOON = str(datetime.now(UTC).date() + timedelta(days=30))
STEPS = (("confirm", "1"), ("ask", "1", "--deadline", SOON), ("rectified", "1"))


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """Somebody who has watched one list, judged by the catalogue as it is shipped."""
    somebody, site = Operator(tmp_path_factory.mktemp("watched")), Site()
    somebody.configure("news", site=site)
    somebody.environment["QUALWATCH_FETCHING__THREADS"] = "1"  # cases are numbered as the list has them
    site["/news/"] = listing(*PAGES)
    for number, (path, text) in enumerate(PAGES.items()):
        site[path] = posting(text, title=f"示例市某局公开招聘工作人员公告第{number}号")
    ran = somebody.run("run", "--once")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    yield somebody
    site.close()


@pytest.fixture
def watched(begun: Operator, operator: Operator) -> Operator:
    """The same in a folder of the test's own."""
    shutil.copytree(begun.folder, operator.folder, dirs_exist_ok=True)
    operator.environment |= {"QUALWATCH_FETCHING__THREADS": "1"}
    return operator


def item(name: str, status: Status) -> ImportedItem:
    return ImportedItem("1", name, name, status, date(2026, 6, 1), "准入类", "技能", "示例部")


def publish(operator: Operator, *items: ImportedItem) -> Path:
    folder = operator.folder / "var"
    stored_lists.keep(folder, ImportedList(NUMBER, "", "list.csv", date(2026, 11, 5), items))
    return folder


def cases(operator: Operator) -> list[tuple[object, ...]]:
    return operator.rows('select qualification, violation, state from "case" order by id')


def test_without_a_change_of_the_catalogue_nothing_changes(watched: Operator) -> None:
    before = watched.rows("select * from finding"), cases(watched)
    ran = watched.run("rejudge")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "没有需要重新判定的文件：都已按现行目录判定。\n"
    again = watched.run("rejudge", "--since", "2020-01-01")
    assert again.stdout.endswith("重新判定 3 篇：新增 0，撤销 0，变更 0，恢复 0\n")
    assert (watched.rows("select * from finding"), cases(watched)) == before


def test_a_dry_run_shows_what_would_change_and_changes_nothing(watched: Operator) -> None:
    publish(watched, item("会计从业资格", Status.ACCESS))
    before = watched.rows("select * from finding"), cases(watched)
    ran = watched.run("rejudge", "--dry-run")
    assert "撤销  会计从业资格证书：招聘中要求已取消的职业资格（高） → 无  案件 1" in ran.stdout
    assert "撤销 1" in ran.stdout
    assert "（未改动）" in ran.stdout
    assert (watched.rows("select * from finding"), cases(watched)) == before


def test_a_verdict_that_no_longer_stands_dismisses_its_case_and_undone_reopens_it(watched: Operator) -> None:
    folder = publish(watched, item("会计从业资格", Status.ACCESS))
    ran = watched.run("rejudge")
    assert ran.returncode == 0, ran.stderr
    assert "撤销 1" in ran.stdout
    assert ("会计从业资格", "cancelled_hiring_requirement", "dismissed") in cases(watched)
    [(note,)] = watched.rows("select note from case_event where kind = 'dismissed'")
    assert note == "目录更新后重新判定：不再构成违规"
    again = watched.run("rejudge", "--since", "2020-01-01")
    assert "新增 0，撤销 0，变更 0，恢复 0" in again.stdout, "doing it twice changes nothing"
    stored_lists.forget(folder, NUMBER)
    back = watched.run("rejudge")
    assert "恢复 1" in back.stdout
    assert ("会计从业资格", "cancelled_hiring_requirement", "found") in cases(watched)
    assert "恢复 0" in watched.run("rejudge", "--since", "2020-01-01").stdout


def test_a_new_verdict_opens_its_case_and_writes_its_letter(watched: Operator) -> None:
    letters = watched.count("outbox_message") + watched.count("digest_item")
    publish(watched, item("雨伞修理师", Status.CANCELLED))
    ran = watched.run("rejudge")
    assert ran.returncode == 0, ran.stderr
    assert "新增 1" in ran.stdout
    assert ("雨伞修理师", "cancelled_hiring_requirement", "found") in cases(watched)
    assert watched.count("outbox_message") + watched.count("digest_item") > letters
    assert "新增 0，撤销 0，变更 0" in watched.run("rejudge", "--since", "2020-01-01").stdout


@pytest.mark.parametrize("last", STEPS, ids=lambda step: str(step[0]))
def test_what_a_person_decided_is_left_to_them(watched: Operator, last: tuple[str, ...]) -> None:
    for step in STEPS[: STEPS.index(last) + 1]:
        assert watched.run("case", *step, "--actor", "王科长").returncode == 0
    before = cases(watched)[0][2]
    folder = publish(watched, item("会计从业资格", Status.ACCESS))
    ran = watched.run("rejudge")
    assert "撤销 1，变更 0，恢复 0；待人工核定 1" in ran.stdout
    assert "案件 1（已有人处理，待人工核定）" in ran.stdout
    assert cases(watched)[0][2] == before
    assert watched.count("case_event", "kind = 'rejudged'") == 1
    assert "撤销 0" in watched.run("rejudge", "--since", "2020-01-01").stdout
    stored_lists.forget(folder, NUMBER)
    assert "恢复 1" in watched.run("rejudge").stdout
    assert cases(watched)[0][2] == before
    publish(watched, item("会计从业资格", Status.ACCESS))
    assert "撤销 1，变更 0，恢复 0；待人工核定 1" in watched.run("rejudge").stdout
    assert cases(watched)[0][2] == before


def test_a_person_s_dismissal_stays_when_the_verdict_comes_back(watched: Operator) -> None:
    assert watched.run("case", "dismiss", "1", "--reason", "误报").returncode == 0
    folder = publish(watched, item("会计从业资格", Status.ACCESS))
    watched.run("rejudge")
    stored_lists.forget(folder, NUMBER)
    watched.run("rejudge")
    assert cases(watched)[0][2] == "dismissed"


def test_a_case_that_a_person_reopened_is_not_dismissed_again(watched: Operator) -> None:
    assert watched.run("case", "dismiss", "1", "--reason", "误报").returncode == 0
    assert watched.run("case", "reopen", "1", "--reason", "并非误报", "--actor", "王科长").returncode == 0
    publish(watched, item("会计从业资格", Status.ACCESS))
    assert "待人工核定 1" in watched.run("rejudge").stdout
    assert cases(watched)[0][2] == "found"


def test_since_leaves_out_what_was_met_before(watched: Operator) -> None:
    assert "没有需要重新判定的文件" in watched.run("rejudge", "--since", "2099-01-01").stdout
    assert "重新判定 3 篇" in watched.run("rejudge", "--since", "2020-01-01").stdout


def test_the_report_is_shown_again_and_mailed_once(watched: Operator) -> None:
    assert "未重新判定" in watched.run("rejudge", "--report").stdout
    publish(watched, item("会计从业资格", Status.ACCESS), item("雨伞修理师", Status.CANCELLED))
    ran = watched.run("rejudge")
    assert watched.run("rejudge", "--report").stdout == ran.stdout
    assert "案件 2" in ran.stdout, "the case that was opened"
    for _ in range(2):
        assert watched.run("run", "--once").returncode == 0
    told = [mail for mail in watched.mails() if str(mail["Subject"]).startswith("【目录更新】")]
    assert [str(mail["Subject"]) for mail in told] == [
        "【目录更新】重新判定 3 篇：新增 1，撤销 2，变更 0，恢复 0"
    ]
    body = told[0].get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "【撤销】“会计从业资格证书”：招聘中要求已取消的职业资格（高） → 无（案件 1）" in text
    assert "【新增】" in text
    assert "qualwatch rejudge --report" in text
