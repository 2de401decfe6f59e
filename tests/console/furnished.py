"""A desk with something of everything that can come of a case, and every word of it hostile."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Column, Enum, Table, Text, select, update
from sqlmodel import Session, SQLModel

from cases.public_reports import receipt_digest
from console.desk import Desk
from storage.evidence import Exchange
from storage.sealing import Seal
from storage.tables import (
    AddresseeAnswer,
    AnswerFile,
    Case,
    CaseEvent,
    DocumentVersion,
    OutboxMessage,
    Publication,
    PublicReport,
    SavedView,
    SourceState,
    SourceTrouble,
    StandingException,
    StoredChat,
    StoredSupervisor,
    Visit,
)
from storage.tables.columns import StoredText
from tests.alerts.stored import NOW
from tests.console.hostile import PAYLOADS
from tests.console.visitor import Room
from vocabulary.codes import AnswerState, CaseState, OutboxState, Outcome, TroubleKind

GROWN = 120
"""Cases more than before."""
RECEIPT = "7KQ2-XW9M-4TRB-C8ND"
_KEPT = frozenset({"alembic_version", "account", "account_session", "host_pace", "lease", "case_words"})
"""Tables in which no words of people or pages stand, or on which the desk itself stands."""
_OWN = frozenset(
    {"key", "source", "owner", "query", "evidence_file", "evidence_record", "media_type", "charset", "actor"}
    | {"kind", "usage", "status", "violation", "severity", "recipient", "channel", "etag", "contact"}
)
"""Columns of text whose words are the program's own, or sealed."""


def furnish(room: Room, owner: str) -> None:
    """Cases by the hundred; of the first one its page in the archive, and all that can come of a case."""
    body = "\n".join(PAYLOADS).encode()
    exchange = Exchange("https://hr.example.com/x", "GET", (), 200, "OK", (), body, NOW)
    ref = room.context.evidence.write(exchange)
    room.copies([{"title": words, "publisher": words, "qualification": words} for words in PAYLOADS])
    with Session(room.engine) as session, session.begin():
        session.add(SourceState(name="hr", last_visit_at=NOW, next_due_at=NOW, is_watched=True))
        session.add(SourceTrouble(source="hr", kind=TroubleKind.FAILING, began_at=NOW))
        session.add(Visit(source="hr", outcome=Outcome.TIMEOUT, started_at=NOW, finished_at=NOW))
        session.add(SavedView(owner=owner, name="x", query="state=all", saved_at=NOW))
        _furnish_case(session)
        _furnish_people(session, Desk(lambda: room.context).open_seal())
        _furnish_reports(session, Desk(lambda: room.context).open_seal().seal(PAYLOADS[9]))
        session.flush()
        for table in SQLModel.metadata.sorted_tables:
            if table.name not in _KEPT:
                _make_hostile(session, table)
        values = {"evidence_file": ref.file, "evidence_record": ref.record_id, "evidence_offset": ref.offset}
        said = {"text": "\n".join(PAYLOADS), "charset": "utf-8", "body_sha256": ref.body_sha256}
        session.execute(update(DocumentVersion).values(**values, **said))
        session.execute(update(AnswerFile).values(**values, body_sha256=ref.body_sha256))


def _furnish_case(session: Session) -> None:
    """An order to put it right, a wish for more time, answers with files, an exception, a publication."""
    case = session.get_one(Case, 1)
    case.state, case.deadline = CaseState.RECTIFICATION_ASKED, NOW.date() + timedelta(days=3)
    case.extension = NOW.date() + timedelta(days=20)
    session.add(case)
    for number, state in enumerate(AnswerState):
        answer = AddresseeAnswer(case_id=1, key=f"answer{number}", name=PAYLOADS[number][:60], state=state)
        answer.received_at = answer.decided_at = NOW
        session.add(answer)
        session.flush()
        kept: dict[str, Any] = {"media_type": "application/pdf", "size": 9, "body_sha256": "0" * 64}
        session.add(AnswerFile(answer_id=answer.id or 0, name=PAYLOADS[number + 9][:120], **kept))
    ended: dict[str, Any] = {"until": date(2027, 1, 1), "set_at": NOW, "ends_at": NOW + timedelta(days=60)}
    session.add(StandingException(case_id=1, actor="li@example.com", **ended))
    public: dict[str, Any] = {"violation": case.violation, "legal_basis": [PAYLOADS[11]]}
    public |= {"published_at": NOW, "published_by": "li@example.com", "changed_at": NOW}
    session.add(Publication(case_id=1, **public))


def _furnish_people(session: Session, seal: Seal) -> None:
    """Somebody who is told in a chat, and how a test message to each of them failed."""
    kept: dict[str, Any] = {"added_by": PAYLOADS[1], "added_at": NOW, "changed_by": "", "changed_at": NOW}
    said = {"name": PAYLOADS[2], "email": "o'neil+x@example.com", "superior": "chu@example.com"}
    said |= {"departments": [PAYLOADS[7]], "chats": ["hr"], "regions": ["350100"]}  # type: ignore[dict-item]
    session.add(StoredSupervisor(id=1, key="o'neil+x@example.com", said=said, **kept))
    sealed = seal.seal("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x")
    session.add(StoredChat(id=1, key="hr", said={"channel": "wecom"}, sealed=sealed, **kept))
    for number, whom in enumerate(("hr", "o'neil+x@example.com")):
        trial = OutboxMessage(key=f"trial{number}", channel="wecom", recipient=whom, template="trial")
        trial.state, trial.last_error = OutboxState.DEAD, PAYLOADS[number]
        trial.next_attempt_at = trial.created_at = NOW
        session.add(trial)


def _furnish_reports(session: Session, contact: str) -> None:
    """What the public said by the form: of one the receipt is known."""
    for number in range(3):
        receipt = receipt_digest(RECEIPT) if number == 0 else f"receipt{number}"
        said: dict[str, Any] = {"message": b"", "message_key": f"m{number}", "received_at": NOW}
        session.add(PublicReport(receipt=receipt, region="350100", files=1, contact=contact, **said))


def grow(room: Room) -> None:
    """More cases like the first, each with an event of its own."""
    with Session(room.engine) as session, session.begin():
        values = session.get_one(Case, 1).model_dump(exclude={"id", "key"})
        for number in range(GROWN):
            case = Case(**{**values, "qualification": f"证书{number}"}, key=f"more{number}")
            session.add(case)
            session.flush()
            told = CaseEvent(case_id=case.id or 0, key="found", kind="found", actor="qualwatch", at=NOW)
            told.note = PAYLOADS[number]
            session.add(told)


def _make_hostile(session: Session, table: Table) -> None:
    """Put payloads into every free text of every row, another one into each."""
    columns = [column for column in table.columns if _is_free(column)]
    if not columns:
        return
    keys = list(table.primary_key.columns)
    for number, row in enumerate(session.execute(select(*keys)).all()):
        words = {
            column.name: PAYLOADS[(number * 7 + place) % len(PAYLOADS)]
            for place, column in enumerate(columns)
        }
        session.execute(
            update(table).where(*(key == value for key, value in zip(keys, row, strict=True))).values(words)
        )


def _is_free(column: Column[Any]) -> bool:
    is_text = isinstance(column.type, StoredText | Text) and not isinstance(column.type, Enum)
    return is_text and not column.primary_key and column.name not in _OWN
