"""The draft of a rectification notice (责令整改通知书) from a DOCX template that the office can replace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile
from zoneinfo import ZoneInfo

from docx.opc.exceptions import PackageNotFoundError
from docxtpl import DocxTemplate
from jinja2 import DictLoader, StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from lxml.etree import XMLSyntaxError
from sqlmodel import Session, col, select

from alerts.delivery.links import answer_code as code_of
from alerts.delivery.links import console_address
from alerts.reports.texts import masked, on_one_line
from cases.departments import CATALOGUE, follow_up
from cases.queries import read_case
from cases.steps import IllegalStep, UnknownCase
from settings.model import Settings
from storage.rows import insert_once
from storage.tables import Case, CaseEvent, Document, DocumentVersion, Finding
from vocabulary.areas import region_name
from vocabulary.codes import CaseState, EventKind, PublisherKind, Severity, Status, Usage, Violation
from vocabulary.dates import chinese_day, chinese_moment
from vocabulary.names import name_of, rule_behind
from vocabulary.presentation import passage

QUOTES_SHOWN = 10
BLANK_DEADLINE = "____年__月__日"
BLANK_COPIES = "________________"
_UNCONFIRMED = (CaseState.FOUND, CaseState.NOTIFIED)
_SETTLED = (CaseState.DISMISSED, CaseState.RECTIFIED, CaseState.CLOSED, CaseState.MERGED)


class BadTemplateError(Exception):
    """The template is no DOCX file, or asks for something that a notice does not have."""


def notice_values(
    session: Session, case_id: int, zone: ZoneInfo, *, answer_code: str = "", answer_url: str = ""
) -> dict[str, Any]:
    """What a template may name, all of it text on one line, masked; see ``templates/README.md``.

    ``answer_code`` and ``answer_url``: by which and where the addressee may answer. Raises ``UnknownCase``,
    and ``IllegalStep`` where nothing is left to be put right.
    """
    file = read_case(session, case_id)
    if file is None:
        raise UnknownCase(f"没有案件{case_id}")
    case = file.case
    if case.state in _SETTLED:
        raise IllegalStep(f"案件{case_id}目前为“{name_of(case.state)}”，没有需要整改的事项")
    newest = max(file.findings, key=lambda finding: (finding.found_at, finding.id))
    version, document = session.exec(
        select(DocumentVersion, Document)
        .join(Document, col(Document.id) == col(DocumentVersion.document_id))
        .where(DocumentVersion.id == newest.version_id)
    ).one()
    findings = [finding for finding in file.findings if finding.version_id == newest.version_id]
    telling = next((finding for finding in findings if finding.usage == case.usage), newest)
    return {
        **_posting(case, document),
        "quotes": _quotes(version.text, findings),
        "qualification": masked(case.qualification, 60),
        "violation": name_of(Violation(case.violation)),
        "severity": name_of(Severity(case.severity)),
        "rule": rule_behind(Violation(case.violation)).rstrip("。"),
        **_judgement(telling),
        "you": "你" if case.publisher_kind == PublisherKind.INDIVIDUAL else "你单位",
        **_departments(session, case),
        "needs_review": case.needs_review,
        "confirmed": case.state not in _UNCONFIRMED,
        "deadline": chinese_day(case.deadline) or BLANK_DEADLINE,
        "seen_at": chinese_moment(version.seen_at.astimezone(zone)),
        "sha256": version.body_sha256,
        "answer_code": answer_code,
        "answer_url": answer_url,
    }


def answering(settings: Settings, case_id: int) -> dict[str, str]:
    """``answer_code`` and ``answer_url`` of a case; both empty where the desk is not reached from outside."""
    if not settings.console.base_url:
        return {"answer_code": "", "answer_url": ""}
    url = f"{console_address(settings)}/answer"
    return {"answer_code": code_of(settings, case_id), "answer_url": url}


def note_letter(session: Session, case_id: int, *, actor: str, confirmed: bool, now: datetime) -> None:
    """Make the draft an event of its case, in the caller's transaction."""
    note = "" if confirmed else "案件尚未确认属实，确认前不得发出"
    key = f"letter:{now.isoformat()}"
    event = CaseEvent(case_id=case_id, key=key, kind=EventKind.LETTER, actor=actor, note=note, at=now)
    insert_once(session, event)


def write_notice(values: Mapping[str, Any], template: Path | None = None) -> bytes:
    """The notice as a DOCX file; without ``template`` the shipped one is filled in.

    A template can read ``values`` and nothing else. Raises ``BadTemplateError``, and ``OSError`` where the
    file cannot be read.
    """
    source = template.read_bytes() if template else shipped_template()
    environment = SandboxedEnvironment(loader=DictLoader({}), undefined=StrictUndefined, autoescape=True)
    written = BytesIO()
    try:
        document = DocxTemplate(BytesIO(source))
        document.render(dict(values), environment, autoescape=True)
        document.save(written)
    except (TemplateError, TypeError, ArithmeticError) as error:
        raise BadTemplateError(f"模板无法套用：{error}") from error
    except (BadZipFile, PackageNotFoundError, XMLSyntaxError, KeyError, ValueError) as error:
        raise BadTemplateError(f"模板不是 DOCX 文件：{error}") from error
    return written.getvalue()


def shipped_template() -> bytes:
    """The template that comes with the program."""
    return files("alerts.reports").joinpath("templates", "rectification_notice.docx").read_bytes()


def _judgement(telling: Finding) -> dict[str, Any]:
    """What is said of the certificate, and by which rules."""
    clauses = list(dict.fromkeys(masked(clause, 200) for clause in telling.legal_basis))
    return {
        "status": name_of(Status(telling.status)),
        "usage": name_of(Usage(telling.usage)),
        "explanation": masked(telling.explanation, 600),
        "advice": masked(telling.advice, 600),
        "clauses": clauses,
        "legal_basis": "、".join(clauses),
        "since": chinese_day(telling.since),
        "status_document": masked(telling.status_document, 120),
    }


def _posting(case: Case, document: Document) -> dict[str, Any]:
    return {
        "case": case.id,
        "publisher": masked(case.publisher, 60) or "（发布单位名称）",
        "region": region_name(case.region),
        "title": masked(document.title, 120) or "（无标题）",
        "url": on_one_line(document.url, 2048),
        "published_on": chinese_day(document.published_on),
    }


def _departments(session: Session, case: Case) -> dict[str, str]:
    """A letter is copied to whom routing names; the ministry of the catalogue is a hint beside a blank."""
    followed = follow_up(session, case.qualification, case.region)
    department = masked(followed.department, 120)
    hint = f"（国家层面的主管部门：{department}）" if department else ""
    local = followed.document != CATALOGUE and department
    return {"department": department, "copies_to": local or f"{BLANK_COPIES}{hint}"}


def _quotes(text: str, findings: list[Finding]) -> list[str]:
    """The sentences, each once, in their order."""
    sentences = (passage(text, finding.start, finding.end).text for finding in findings)
    return list(dict.fromkeys(masked(sentence, 400) for sentence in sentences))[:QUOTES_SHOWN]
