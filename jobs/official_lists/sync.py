"""Changes of the catalogue, noticed on the official pages that announce them; proposed, never applied.

What the visits keep of sources with ``catalogue = true`` is read by the same path as ``qualwatch catalogue
import``. A person looks at a proposal and imports it; until then nothing is judged by it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import structlog
from sqlmodel import Session, col, select

from alerts.letters import Letter
from alerts.outbox import enqueue
from alerts.routing import ADMINISTRATOR, Recipient
from catalogue import load_catalogue
from catalogue.annex import read_annex, rows_of_text
from catalogue.documents import find_document, normalise_number
from catalogue.loading import OVERLAY_VARIABLE
from catalogue.overlay import read_imports
from catalogue.proposal import Change, propose
from detection.passages import displayable, safe_link
from jobs.official_lists.importing import find_problems
from jobs.visits.services import Services
from settings.model import Settings, Source
from storage.database import for_reading
from storage.rows import insert_once
from storage.tables import CatalogueNotice, Document, DocumentVersion

SYNC_SECONDS = 3600
_AT_ONCE = 200
_BEGINNING = 2_000
_SUBJECT = re.compile(r"职业资格|资格许可|技能人员目录")
_CHANGE = re.compile(r"取消|退出|清理|调整|停止|废止|公布|更新|目录")
_LISTED = 20
_NO_LIST = "页面宣布职业资格有变动，但未读到清单：请打开页面及其附件核对。"
_NO_NUMBER = "未读到文号：导入时请用 --document 注明。"

log = structlog.get_logger()


def overlay_of(settings: Settings) -> Path:
    """Where imported lists are kept: where ``QW_CATALOGUE`` says, else beside the database."""
    configured = os.environ.get(OVERLAY_VARIABLE)
    return Path(configured) if configured else settings.storage.directory / "catalogue"


def sync_catalogue(services: Services, sources: Sequence[Source]) -> int:
    """Look at what was newly kept of the sources that announce changes; how many proposals that made.

    Each version is looked at once. What is proposed and the letter about it are one transaction.
    """
    names = [source.name for source in sources if source.catalogue]
    if not names:
        return 0
    with Session(for_reading(services.engine), expire_on_commit=False) as session:
        waiting = session.exec(
            select(DocumentVersion, Document)
            .join(Document, col(Document.id) == col(DocumentVersion.document_id))
            .where(col(Document.source).in_(names))
            .where(col(DocumentVersion.id).not_in(select(CatalogueNotice.version_id)))
            .order_by(col(DocumentVersion.id))
            .limit(_AT_ONCE)
        ).all()
        session.expunge_all()
    overlay, now = overlay_of(services.settings), services.now()
    examined = []
    for version, document in waiting:
        if services.stopping.is_set():
            break
        examined.append((examine(version, document, overlay, now), document))
    with services.transaction() as session:
        proposals = [
            (notice, document) for notice, document in examined if _keep(session, notice) and notice.proposes
        ]
        if proposals:
            enqueue(session, _letter(proposals, services.settings), services.settings, now)
    if proposals:
        log.info("catalogue_changes_proposed", proposals=len(proposals))
    return len(proposals)


def _keep(session: Session, notice: CatalogueNotice) -> bool:
    return insert_once(session, notice) is not None


def examine(version: DocumentVersion, document: Document, overlay: Path, now: datetime) -> CatalogueNotice:
    """What ``version`` says of the catalogue, against the catalogue with the lists imported so far."""
    if version.id is None:
        raise ValueError("the version is not stored")
    notice = CatalogueNotice(version_id=version.id, examined_at=now)
    announced = f"{document.title}\n{version.text[:_BEGINNING]}"
    if not (_SUBJECT.search(announced) and _CHANGE.search(announced)):
        return notice
    notice.number = normalise_number(str(version.facts.get("number") or ""))
    annex = read_annex(rows_of_text(version.text), notice.number)
    notice.items = annex.count
    if not annex.items:
        notice.proposes = bool(_SUBJECT.search(document.title) and _CHANGE.search(document.title))
        notice.problems = [_NO_LIST]
        return notice
    official = find_document(notice.number) if notice.number else None
    if official is None:
        notice.proposes = True
        notice.problems = [
            f"目录数据中没有{notice.number or '该文件'}的总项数：导入时请用 --items、--date、--effect 注明。"
        ] + ([] if notice.number else [_NO_NUMBER])
        notice.changes = [
            {"change": "", "name": item.name, "status": "", "since": ""} for item in annex.items
        ]
        return notice
    try:
        proposed = propose(
            annex.items,
            load_catalogue(overlay),
            document=official.number,
            since=official.date,
            effect=official.effect,
        )
    except ValueError as error:
        notice.proposes, notice.problems = True, [str(error)]
        return notice
    notice.problems = find_problems(annex, proposed, official)
    notice.changes = [
        {
            "change": each.change.value,
            "name": each.item.name,
            "status": each.item.status.value,
            "since": each.item.since.isoformat(),
        }
        for each in proposed
    ]
    notice.proposes = any(each.change is not Change.CONFIRM for each in proposed)
    return notice


def open_proposals(session: Session, overlay: Path) -> list[tuple[CatalogueNotice, Document]]:
    """Proposals whose list was not imported yet, newest first."""
    imported = {each.document for each in read_imports(overlay)}
    rows = session.exec(
        select(CatalogueNotice, Document)
        .join(DocumentVersion, col(DocumentVersion.id) == col(CatalogueNotice.version_id))
        .join(Document, col(Document.id) == col(DocumentVersion.document_id))
        .where(col(CatalogueNotice.proposes).is_(True))
        .order_by(col(CatalogueNotice.version_id).desc())
    ).all()
    return [(notice, document) for notice, document in rows if notice.number not in imported]


def import_command(notice: CatalogueNotice, document: Document) -> str:
    """What to type to look at the list, and with ``--accept`` to import it."""
    return f"qualwatch catalogue import '{safe_link(document.url)}' --document '{notice.number or '文号'}'"


def _letter(proposals: Sequence[tuple[CatalogueNotice, Document]], settings: Settings) -> Letter:
    told = [
        {
            "title": displayable(document.title, limit=100),
            "url": displayable(document.url, limit=300),
            "link": safe_link(document.url),
            "number": displayable(notice.number, limit=60),
            "items": notice.items,
            "changed": sum(change["change"] != Change.CONFIRM.value for change in notice.changes),
            "names": [displayable(change["name"], limit=40) for change in notice.changes[:_LISTED]],
            "problems": [displayable(problem, limit=300) for problem in notice.problems],
            "command": displayable(import_command(notice, document), limit=500),
        }
        for notice, document in proposals[:_LISTED]
    ]
    newest = max(notice.version_id for notice, _ in proposals)
    return Letter(
        about=f"catalogue:{newest}",
        template="catalogue_notice",
        recipient=Recipient(settings.administrator, ADMINISTRATOR),
        payload={
            "subject": f"【目录变动】发现{len(proposals)}份可能调整职业资格目录的文件，请审核",
            "count": len(proposals),
            "proposals": told,
            "unsubscribe": settings.administrator,
        },
    )
