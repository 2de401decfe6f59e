"""Messages of the public, with every part real: maildir, IMAP server, database, evidence, workers, cases."""

from __future__ import annotations

import io
import mailbox
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlmodel import Session

from assessment.message_writers import masked
from assessment.messages import message_key, open_message
from assessment.reading import ReadingError
from assessment.workers import Workers
from jobs.tasks import take_steps
from jobs.visits.intake import take_in
from settings.model import Intake, Settings
from storage.proof import find_proof
from storage.tables import (
    Case,
    Document,
    DocumentVersion,
    FetchRecord,
    Finding,
    IntakeMessage,
    IntakeReporter,
    OutboxMessage,
    Visit,
)
from tests.parts.house import POSTING, House, furnished, posting
from tests.parts.loopback import Site
from vocabulary.codes import Outcome, VisitPurpose

REPORTER = "zhao.jubao@example.org"


@pytest.fixture
def house(settings: Settings, site: Site, workers: Workers, tmp_path: Path) -> Iterator[House]:
    intake = Intake(directory=str(tmp_path / "intake"), region="350100", max_bytes=1 << 20, link_limit=2)
    with furnished(settings.model_copy(update={"intake": intake}), site, workers=workers) as open_house:
        yield open_house


def letter(text: str = POSTING, subject: str = "举报某单位招聘", number: str = "1") -> EmailMessage:
    message = EmailMessage()
    message["From"] = f"赵某某 <{REPORTER}>"
    message["To"] = "jubao@example.gov.cn"
    message["Subject"] = subject
    message["Message-ID"] = f"<{number}@example.org>"
    message.set_content(text)
    return message


def deliver(house: House, *messages: EmailMessage | bytes) -> mailbox.Maildir:
    box = mailbox.Maildir(house.context.settings.intake.directory, create=True)
    for message in messages:
        box.add(bytes(message))
    return box


def test_a_report_becomes_a_case_with_its_evidence(house: House) -> None:
    raw = bytes(letter())
    box = deliver(house, raw)
    summary = take_in(house.context)
    assert (summary.messages, summary.documents, summary.errors) == (1, 1, 0)
    (case,) = house.rows(Case)
    assert (case.qualification, case.region) == ("会计从业资格", "350100")
    (finding,) = house.rows(Finding)
    with Session(house.engine) as session:
        proof = find_proof(session, house.context.evidence, finding.id or 0)
    assert proof.record.body == raw
    assert proof.record.status == 0
    (visit,) = house.rows(Visit)
    assert (visit.source, visit.purpose, visit.outcome) == ("intake", VisitPurpose.INTAKE, Outcome.OK)
    assert [message.get_flags() for message in box] == ["S"]
    take_steps(house.context)
    [told] = [each for each in house.rows(OutboxMessage) if each.template != "summary"]  # that is Monday's
    assert told.case_id == case.id


def test_the_reporter_stands_in_one_table_and_nowhere_else(house: House) -> None:
    text = f"{POSTING}\n请回复 {REPORTER.upper()}，联系人赵某某。"
    deliver(house, letter(text, subject=f"赵某某（{REPORTER}）举报"))
    take_in(house.context)
    (reporter,) = house.rows(IntakeReporter)
    assert (reporter.address, reporter.name) == (REPORTER, "赵某某")
    take_steps(house.context)
    shown = [
        str(row.model_dump())
        for table in (Case, Document, DocumentVersion, Finding, IntakeMessage, OutboxMessage, FetchRecord)
        for row in house.rows(table)
    ]
    assert house.rows(OutboxMessage)
    for row in shown:
        assert REPORTER not in row.lower()
        assert "赵某某" not in row


def test_a_reporter_called_like_a_certificate_hides_nothing(house: House) -> None:
    message = letter()
    message.replace_header("From", f"会计从业资格证书 <{REPORTER}>")
    deliver(house, message)
    assert take_in(house.context).findings == 1


def test_links_are_read_and_private_addresses_are_refused(house: House) -> None:
    house.site["/notice.html"] = posting()
    text = (
        f"请看 {house.site.address}/notice.html，还有 http://169.254.169.254/meta 和 http://third.example/x"
    )
    deliver(house, letter(text))
    summary = take_in(house.context)
    ended = {record.url.rpartition("/")[2]: record.outcome for record in house.rows(FetchRecord)}
    assert ended["notice.html"] is Outcome.OK
    assert ended["meta"] is Outcome.REFUSED_ADDRESS
    assert ended["x"] is Outcome.TOO_LARGE  # beyond link_limit
    assert summary.errors == 2
    assert [case.url for case in house.rows(Case)] == [f"{house.site.address}/notice.html"]


def test_attachments_are_judged_and_a_bomb_among_them_fails_alone(house: House) -> None:
    message = letter("见附件。")
    message.add_attachment(POSTING.encode("gb18030"), maintype="text", subtype="plain", filename="公告.txt")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * (200 << 20))
    message.add_attachment(bomb.getvalue(), maintype="application", subtype="zip", filename="清单.docx")
    box = deliver(house, message)
    summary = take_in(house.context)
    assert summary.errors == 1
    assert [case.qualification for case in house.rows(Case)] == ["会计从业资格"]
    assert Outcome.UNREADABLE_ATTACHMENT in {record.outcome for record in house.rows(FetchRecord)}
    assert [message.get_flags() for message in box] == ["FS"]


def test_hostile_mails_fail_alone_and_are_counted(house: House) -> None:
    nested = b"".join(
        f"Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}\r\n".encode()
        for depth in range(3000)
    )
    huge = letter("长" * 400_000, number="huge")
    deliver(house, b"Subject: deep\r\n" + nested, b"\x00\xff\xfe no mail at all", huge, letter(number="good"))
    summary = take_in(house.context)
    assert len(house.rows(Case)) == 1
    assert summary.messages == 3
    assert summary.errors == 3
    outcomes = sorted(record.outcome for record in house.rows(FetchRecord))
    assert outcomes.count(Outcome.TOO_LARGE) == 1
    assert take_in(house.context).messages == 0


def test_a_message_delivered_twice_is_taken_in_once(house: House) -> None:
    raw = bytes(letter())
    deliver(house, raw, b"Received: from another.example by here\r\n" + raw)
    summary = take_in(house.context)
    assert (summary.messages, summary.again) == (1, 1)
    assert len(house.rows(IntakeMessage)) == len(house.rows(Document)) == 1


def test_a_crash_before_the_message_is_marked_repeats_nothing(house: House) -> None:
    box = deliver(house, letter())
    take_in(house.context)
    (key,) = box.keys()
    file = Path(box._path) / box._lookup(key)  # type: ignore[attr-defined]
    file.rename(Path(box._path) / "new" / key)
    assert take_in(house.context).again == 1
    assert len(house.rows(Case)) == len(house.rows(IntakeMessage)) == 1


def test_a_forged_message_id_hides_no_other_message() -> None:
    assert message_key(bytes(letter())) != message_key(bytes(letter("别的内容")))


def test_what_has_no_headers_is_no_mail() -> None:
    with pytest.raises(ReadingError):
        open_message(b"\x00\x01")


def test_a_mask_is_as_long_as_what_it_hides() -> None:
    assert masked("写给A@B.CN。", ("a@b.cn",)) == "写给＊＊＊＊＊＊。"


def test_a_mailbox_that_cannot_be_read_is_told(house: House, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = house.context.settings.model_copy(update={"intake": Intake(directory=str(tmp_path / "file"))})
    summary = take_in(replace(house.context, settings=settings))
    assert "intake.directory" in summary.problems[0]
    (visit,) = house.rows(Visit)
    assert (visit.outcome, visit.errors) == (Outcome.ERROR, 1)
