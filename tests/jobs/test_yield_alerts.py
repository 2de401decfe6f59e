"""A list that loses its items: told once by a real mail, shown while it lasts, and told once when it ends."""

from __future__ import annotations

import contextlib
import sqlite3

from tests.parts.house import listing, posting
from tests.parts.loopback import Site
from tests.parts.operators import Operator

PATHS = [f"/news/20261101_{number}.html" for number in range(101, 113)]


def visit(operator: Operator) -> None:
    """Another visit, as if its time had come."""
    path = operator.folder / "var" / "qualwatch.sqlite3"
    if path.exists():
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.execute("update source_state set next_due_at = '2026-01-01 00:00:00'")
    ran = operator.run("run", "--once")
    assert "访问来源 1 个" in ran.stdout, ran.stdout + ran.stderr


def told(operator: Operator) -> list[str]:
    return sorted(
        str(mail["Subject"]) for mail in operator.mails() if str(mail["Subject"]).startswith("【来源")
    )


def test_fewer_items_than_usual_are_told_once_and_so_is_the_recovery(operator: Operator, site: Site) -> None:
    operator.configure("news", site=site)
    for path in PATHS:
        site[path] = posting(f"示例市某局关于{path[-8:-5]}号事项的公告，内容见附件。")
    site["/news/"] = listing(*PATHS)
    visit(operator)
    site["/news/"] = listing(*PATHS[:2])
    for _ in range(2):
        visit(operator)
        assert told(operator) == []
    for _ in range(2):
        visit(operator)
        assert told(operator) == ["【来源异常】news：列表内容明显减少"]
    [mail] = [each for each in operator.mails() if "来源异常" in str(each["Subject"])]
    body = mail.get_body(("plain",))
    assert body is not None
    assert "连续3次访问未能读全，最近一次：少于预期（本次2条，通常12条）" in body.get_content()
    listed = operator.run("source", "list").stdout
    assert "⚠ news 列表内容明显减少（自 " in listed
    assert "2/12" in listed
    assert "未恢复的异常 1 项" in listed
    site["/news/"] = listing(*PATHS)
    for _ in range(2):
        visit(operator)
        assert told(operator) == [
            "【来源异常】news：列表内容明显减少",
            "【来源恢复】news：列表内容明显减少（已恢复）",
        ]
    listed = operator.run("source", "list").stdout
    assert "⚠" not in listed
    assert "12/12" in listed
