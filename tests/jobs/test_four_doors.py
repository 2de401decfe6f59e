"""One document through every door: `check`, visits, mail and judging again say the same, by the same day."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from email.message import EmailMessage
from mailbox import Maildir
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from assessment.judging import Judged
from cli.checking.files import read_page
from cli.checking.model import Judgement, Rules
from extraction import extract
from jobs.reassess import judge_stored
from jobs.visits.intake import take_in
from settings.model import Intake, Settings
from storage.tables import Document, DocumentVersion, Finding
from tests.parts.commands import run_command
from tests.parts.house import House, furnished
from tests.parts.loopback import Site, answer

TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()
WORDS = """<h1>示例市财政局关于招聘会计人员的通知</h1>
<p>示财会〔2015〕9号</p>{printed}
<p>各有关单位：现招聘会计1名，须持有会计从业资格证书，并须持有招标师职业资格证书。</p>{signature}"""
SIGNED = "<p>示例市财政局</p><p>2018年3月2日</p>"
PRINTED = "<p>发布日期：2018-04-05　来源：示例市财政局</p>"
GENERATED = f'<meta name="PubDate" content="{TODAY} 03:00:00">'
TITLE = "示例市财政局关于招聘会计人员的通知"
Said = tuple[str, list[tuple[str, str, str]]]
"""As of which day, and of each finding the quote, the violation and the severity."""


@dataclass(frozen=True)
class Page:
    """A notice, and the day that its list gives."""

    signature: str = ""
    printed: str = ""
    metas: str = ""
    listed: date | None = None

    @property
    def markup(self) -> bytes:
        head = f'<head><meta charset="utf-8">{self.metas}<title>{TITLE}</title></head>'
        body = WORDS.format(printed=self.printed, signature=self.signature)
        return f"<html>{head}<body>{body}</body></html>".encode()


CASES = {
    "signed": (Page(SIGNED), date(2018, 3, 2)),
    "printed": (Page(SIGNED, PRINTED), date(2018, 4, 5)),
    "generated": (Page(SIGNED, "", GENERATED), date(2018, 3, 2)),
    "printed-and-generated": (Page("", PRINTED, GENERATED), date(2018, 4, 5)),
    "meta-alone": (Page(metas='<meta name="PubDate" content="2018-02-01">'), date(2018, 2, 1)),
    "nothing": (Page(), TODAY),
    "only-generated": (Page("", "", GENERATED), TODAY),
}


@pytest.fixture
def house(settings: Settings, site: Site, tmp_path: Path) -> Iterator[House]:
    settings = settings.model_copy(update={"intake": Intake(directory=str(tmp_path / "intake"))})
    with furnished(settings, site) as open_house:
        yield open_house


def by_check(*arguments: str, given: bytes = b"") -> Said:
    done = run_command(("check", *arguments), Path.cwd(), os.environ, typed=given)
    said = json.loads(done.stdout)
    assert "error" not in said, said
    found = [(each["quote"], each["violation"], each["severity"]) for each in said["findings"]]
    return said["as_of"], sorted(found)


def by_address(house: House, path: str) -> Said:
    rules = Rules(None, house.context.today(), every_mention=False, as_lines=False)
    judgement = read_page(f"{house.site.address}{path}", rules, house.context.settings.fetching)
    assert isinstance(judgement, Judgement)
    return _said(judgement.result.as_of, judgement.result.findings)


def by_visit(house: House, path: str, listed: date | None) -> Said:
    day = f"<span>{listed}</span>" if listed else ""
    house.site["/list/"] = answer(
        f"<html><title>通知公告</title><ul>"
        f"<li><a href='{path}'>示例市财政局关于招聘会计人员的通知</a>{day}</li></ul></html>"
    )
    assert house.visit(selectors={"items": "li a"}).errors == 0
    return _kept(house)


def by_mail(house: House, page: Page) -> Said:
    message = EmailMessage()
    message["From"], message["Subject"] = "reporter@example.org", "举报"
    message.set_content("请看附件。")
    message.add_attachment(page.markup, maintype="text", subtype="html", filename="通知.html")
    Maildir(house.context.settings.intake.directory, create=True).add(bytes(message))
    assert take_in(house.context).errors == 0
    return _kept(house)


def judged_again(house: House) -> Said:
    with Session(house.engine, expire_on_commit=False) as session:
        document, version = session.exec(
            select(Document, DocumentVersion)
            .where(DocumentVersion.document_id == Document.id)
            .where(DocumentVersion.id == session.exec(select(Finding.version_id)).first())
        ).one()
    judged: Judged = judge_stored(house.context, (document, version))
    return _said(judged.result.as_of, judged.result.findings)


def _kept(house: House) -> Said:
    findings = house.rows(Finding)
    assert len({finding.as_of for finding in findings}) == 1
    return _said(findings[0].as_of, findings)


def _said(as_of: date, findings: object) -> Said:
    assert isinstance(findings, list | tuple)
    return str(as_of), sorted((each.quote, str(each.violation), str(each.severity)) for each in findings)


@pytest.mark.parametrize("name", CASES)
def test_one_document_has_one_day_and_one_verdict_at_every_door(
    name: str, house: House, tmp_path: Path
) -> None:
    page, day = CASES[name]
    house.site["/n/notice.html"] = answer(page.markup)
    path = tmp_path / "通知.html"
    path.write_bytes(page.markup)
    doors = {
        "file": by_check("--format", "json", str(path)),
        "address": by_address(house, "/n/notice.html"),
        "visit": by_visit(house, "/n/notice.html", None),
        "judged again": judged_again(house),
    }
    if not page.metas or page.signature or page.printed:
        record = {"id": 1, "text": extract(page.markup).text, "title": TITLE}
        doors["record"] = by_check("--format", "jsonl", "-", given=json.dumps(record).encode())
    assert {door: said[0] for door, said in doors.items()} == dict.fromkeys(doors, str(day))
    assert len({str(said[1]) for said in doors.values()}) == 1, doors
    assert doors["file"][1]


@pytest.mark.parametrize("name", CASES)
def test_mail_says_what_the_page_says(name: str, house: House) -> None:
    page, day = CASES[name]
    by_post = by_mail(house, page)
    assert by_post[0] == str(day)
    assert judged_again(house) == by_post


def test_the_lists_day_is_that_of_a_record(house: House) -> None:
    page = replace(CASES["printed"][0], metas=GENERATED, listed=date(2018, 1, 9))
    house.site["/n/notice.html"] = answer(page.markup)
    visited = by_visit(house, "/n/notice.html", page.listed)
    assert visited[0] == "2018-01-09"
    assert judged_again(house) == visited
    record = {
        "id": 1,
        "text": extract(page.markup).text,
        "title": TITLE,
        "date": "2018-01-09",
    }
    assert by_check("--format", "jsonl", "-", given=json.dumps(record).encode()) == visited


def test_a_notice_signed_before_the_cancellation_is_lawful_at_every_door(
    house: House, tmp_path: Path
) -> None:
    markup = (
        CASES["signed"][0]
        .markup.decode()
        .replace("2018年3月2日", "2015年3月2日")
        .replace("，并须持有招标师职业资格证书", "")
    ).encode()
    house.site["/n/notice.html"] = answer(markup)
    path = tmp_path / "通知.html"
    path.write_bytes(markup)
    assert by_check("--format", "json", str(path)) == ("2015-03-02", [])
    assert by_address(house, "/n/notice.html") == ("2015-03-02", [])
    house.site["/list/"] = answer(
        "<ul><li><a href='/n/notice.html'>示例市财政局关于招聘会计人员的通知</a></li></ul>"
    )
    assert house.visit(selectors={"items": "li a"}).new_documents == 1
    assert not house.rows(Finding)
    assert [document.published_on for document in house.rows(Document)] == [date(2015, 3, 2)]
