"""The draft of a rectification notice (责令整改通知书) from a DOCX template that the office can replace."""

from __future__ import annotations

from collections.abc import Mapping
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

from alerts.reports.texts import masked, on_one_line
from cases.queries import read_case
from cases.steps import IllegalStep, UnknownCase
from storage.tables import Case, Document, DocumentVersion, Finding
from vocabulary.areas import region_name
from vocabulary.codes import CaseState, Severity, Status, Usage, Violation
from vocabulary.names import name_of
from vocabulary.presentation import passage

QUOTES_SHOWN = 10
BLANK_DEADLINE = "____年__月__日"
_UNCONFIRMED = (CaseState.FOUND, CaseState.NOTIFIED)
_SETTLED = (CaseState.DISMISSED, CaseState.RECTIFIED, CaseState.CLOSED)


class BadTemplateError(Exception):
    """The template is no DOCX file, or asks for something that a notice does not have."""


def notice_values(session: Session, case_id: int, zone: ZoneInfo) -> dict[str, Any]:
    """What a template may name, all of it text on one line, masked; see ``templates/README.md``.

    Raises ``UnknownCase``, and ``IllegalStep`` where nothing is left to be put right.
    """
    file = read_case(session, case_id)
    if file is None:
        raise UnknownCase(f"there is no case {case_id}")
    case = file.case
    if case.state in _SETTLED:
        raise IllegalStep(f"case {case_id} is {case.state}: there is nothing to put right")
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
        "status": name_of(Status(telling.status)),
        "usage": name_of(Usage(telling.usage)),
        "explanation": masked(telling.explanation, 600),
        "advice": masked(telling.advice, 600),
        "legal_basis": "、".join(masked(clause, 120) for clause in telling.legal_basis),
        "needs_review": case.needs_review,
        "confirmed": case.state not in _UNCONFIRMED,
        "deadline": _day(case.deadline) or BLANK_DEADLINE,
        "seen_at": f"{version.seen_at.astimezone(zone):%Y年%m月%d日 %H:%M}",
        "sha256": version.body_sha256,
    }


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
        raise BadTemplateError(f"the template cannot be filled in: {error}") from error
    except (BadZipFile, PackageNotFoundError, XMLSyntaxError, KeyError, ValueError) as error:
        raise BadTemplateError(f"the template is no DOCX file: {error}") from error
    return written.getvalue()


def shipped_template() -> bytes:
    """The template that comes with the program."""
    return files("alerts.reports").joinpath("templates", "rectification_notice.docx").read_bytes()


def _posting(case: Case, document: Document) -> dict[str, Any]:
    return {
        "case": case.id,
        "publisher": masked(case.publisher, 60) or "（发布单位名称）",
        "region": region_name(case.region),
        "title": masked(document.title, 120) or "（无标题）",
        "url": on_one_line(document.url, 2048),
        "published_on": _day(document.published_on),
    }


def _quotes(text: str, findings: list[Finding]) -> list[str]:
    """The sentences, each once, in their order."""
    sentences = (passage(text, finding.start, finding.end).text for finding in findings)
    return list(dict.fromkeys(masked(sentence, 400) for sentence in sentences))[:QUOTES_SHOWN]


def _day(day: Any) -> str:
    return "" if day is None else f"{day.year}年{day.month}月{day.day}日"
