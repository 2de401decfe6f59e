"""Changes of the catalogue, noticed on the official pages that announce them; proposed, never applied.

What the visits keep of sources with ``catalogue = true`` is read by the same path as ``qualwatch catalogue
import``. A person looks at a proposal and imports it; until then nothing is judged by it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog
from sqlmodel import Session, col, select

from alerts.delivery.outbox import enqueue
from alerts.notifications.letters import Letter
from alerts.recipients import ADMINISTRATOR, Recipient
from assessment.catalogue_proposals import official_document
from catalogue import Catalogue, load_catalogue
from catalogue.annex import read_annex
from catalogue.annex_items import Annex
from catalogue.annex_lines import rows_of_text
from catalogue.checks import find_problems
from catalogue.difference import Group, of_proposal
from catalogue.documents import Effect, OfficialDocument, normalise_number
from catalogue.imported import ImportedLists
from catalogue.parts import choose_annex, lists_no_qualifications
from catalogue.picture import LOOKS
from catalogue.proposal import Change, propose
from jobs.context import Context
from settings.model import Settings
from storage.database import for_reading, one_transaction
from storage.rows import insert_once
from storage.tables import CatalogueNotice, Document, DocumentVersion
from vocabulary.areas import region_name
from vocabulary.presentation import displayable, safe_link

SYNC_SECONDS = 3600
_AT_ONCE = 200
_BEGINNING = 2_000
_SUBJECT = re.compile(r"职业资格|资格许可|技能人员目录")
_CHANGE = re.compile(r"取消|退出|清理|调整|停止|废止|公布|更新|目录")
_LISTED = 20
_NO_LIST = "页面宣布职业资格有变动，但未读到清单：请打开页面及其附件核对。"
_NO_NUMBER = "未读到文号：导入时请用 --document 注明。"

log = structlog.get_logger()


def sync_catalogue(context: Context) -> int:
    """Look at what was newly kept of the sources that announce changes; how many proposals that made.

    Each version is looked at once. What is proposed and the letter about it are one transaction.
    """
    names = [source.name for source in context.sources if source.catalogue]
    if not names:
        return 0
    with Session(for_reading(context.engine), expire_on_commit=False) as session:
        waiting = session.exec(
            select(DocumentVersion, Document)
            .join(Document, col(Document.id) == col(DocumentVersion.document_id))
            .where(col(Document.source).in_(names))
            .where(col(DocumentVersion.id).not_in(select(CatalogueNotice.version_id)))
            .order_by(col(DocumentVersion.id))
            .limit(_AT_ONCE)
        ).all()
        session.expunge_all()
    imported, now = context.imported(), context.now()
    examined = []
    for version, document in waiting:
        if context.stopping.is_set():
            break
        with Session(for_reading(context.engine)) as session:
            number = _number(session, version, document)
        examined.append((examine(version, document, number, imported, now), version, document))
    proposals = _propose(context, examined, now)
    if proposals:
        log.info("catalogue_changes_proposed", proposals=proposals)
    return proposals


@one_transaction
def _propose(
    context: Context, examined: Sequence[tuple[CatalogueNotice, DocumentVersion, Document]], now: datetime
) -> int:
    """Keep what was read and tell the administrator of what is new; how much that is."""
    with context.transaction() as session:
        proposals = [
            (notice, document)
            for notice, version, document in examined
            if _keep(session, notice, version) and notice.proposes
        ]
        if proposals:
            enqueue(session, _letter(proposals, context.settings), context.settings, now)
    return len(proposals)


def _number(session: Session, version: DocumentVersion, document: Document) -> str:
    """The number of the document that decides; an attachment has that of its page."""
    own = str(version.facts.get("number") or "")
    if own or document.parent_id is None:
        return normalise_number(own)
    of_page = session.exec(
        select(DocumentVersion.facts)
        .where(DocumentVersion.document_id == document.parent_id)
        .order_by(col(DocumentVersion.id).desc())
        .limit(1)
    ).first()
    return normalise_number(str((of_page or {}).get("number") or ""))


def _keep(session: Session, notice: CatalogueNotice, version: DocumentVersion) -> bool:
    """Note what was read; what was proposed before, whatever became of it, is not proposed again."""
    if notice.proposes:
        earlier = session.exec(
            select(CatalogueNotice, DocumentVersion)
            .join(DocumentVersion, col(DocumentVersion.id) == col(CatalogueNotice.version_id))
            .where(col(CatalogueNotice.proposes).is_(True))
        )
        notice.proposes = not any(_says_the_same(notice, version, *each) for each in earlier)
    return insert_once(session, notice) is not None


def _says_the_same(
    notice: CatalogueNotice, version: DocumentVersion, known: CatalogueNotice, before: DocumentVersion
) -> bool:
    """The same bytes or text wherever they lie, or the same list: pages count their readers."""
    if before.body_sha256 == version.body_sha256 or before.text_sha256 == version.text_sha256:
        return True
    if before.document_id != version.document_id and not notice.number:
        return False
    told = [(each.number, each.region, each.changes, each.problems) for each in (notice, known)]
    return told[0] == told[1] and bool(notice.changes or before.document_id == version.document_id)


def examine(
    version: DocumentVersion, document: Document, number: str, imported: ImportedLists, now: datetime
) -> CatalogueNotice:
    """What ``version`` says of the catalogue, against the catalogue with the lists imported so far.

    ``number`` is the number of the document that decides; empty where none is said.
    """
    if version.id is None:
        raise ValueError("the version is not stored")
    notice = CatalogueNotice(version_id=version.id, examined_at=now)
    announced = f"{document.title}\n{version.text[:_BEGINNING]}"
    if not (_SUBJECT.search(announced) and _CHANGE.search(announced)):
        return notice
    rows = rows_of_text(version.text)
    annex = read_annex(rows, number)
    notice.number, notice.items = number, annex.count
    notice.region = _province(document.region)
    if not annex.items:
        notice.proposes = bool(_SUBJECT.search(document.title) and _CHANGE.search(document.title))
        notice.problems = [_NO_LIST]
        return notice
    official = official_document(number, notice.region)
    if official is None and lists_no_qualifications(rows):
        return notice
    if official is None:
        notice.proposes = True
        notice.problems = [
            f"目录数据中没有{number or '该文件'}的总项数：导入时请用 --items、--date、--effect 注明。"
        ] + ([] if number else [_NO_NUMBER])
        notice.changes = [
            {"change": "", "name": item.name, "status": "", "since": ""} for item in annex.items
        ]
        return notice
    notice.region = official.region
    choice = choose_annex(rows, official)
    if official.effect is Effect.APPROVALS or choice.problem:
        return notice  # What ends approvals or awards ends no qualification.
    notice.items = choice.annex.count
    return _compare(notice, choice.annex, official, load_catalogue(imported))


def _compare(
    notice: CatalogueNotice, annex: Annex, official: OfficialDocument, catalogue: Catalogue
) -> CatalogueNotice:
    try:
        proposed = propose(annex.items, catalogue, official=official)
    except ValueError as error:
        notice.proposes, notice.problems = True, [str(error)]
        return notice
    notice.problems = find_problems(annex, proposed, official)
    groups = {entry.name: entry.group.value for entry in of_proposal(proposed, official, catalogue).entries}
    notice.changes = [
        {
            "change": each.change.value,
            "name": each.item.name,
            "status": each.item.status.value,
            "since": each.item.since.isoformat(),
            "group": groups.get(each.item.name, ""),
        }
        for each in proposed
    ]
    notice.proposes = any(each.change is not Change.CONFIRM for each in proposed)
    return notice


def _province(region: str | None) -> str:
    """The province of a source's area; empty for a national source."""
    return f"{region[:2]}0000" if region else ""


def accept_command(notice: CatalogueNotice) -> str:
    """What to type to look at the list, and with ``--accept`` to import it."""
    unknown = official_document(notice.number, notice.region) is None
    described = " --items 项数 --date 施行日期 --effect cancelled" if unknown else ""
    document = "" if notice.number else " --document 文号"
    return f"qualwatch catalogue review {notice.version_id}{document}{described}"


def _groups(changes: Sequence[Mapping[str, str]]) -> list[dict[str, object]]:
    """What a mail draws of a difference: each group with its colour, count and first names."""
    told: list[dict[str, object]] = []
    for group in Group:
        names = [change["name"] for change in changes if change.get("group") == group.value]
        if names:
            sign, colour, ground = LOOKS[group]
            told.append(
                {
                    "label": f"{sign} {group.value}",
                    "colour": colour,
                    "ground": ground,
                    "count": len(names),
                    "names": [displayable(name, limit=40) for name in names[:_LISTED]],
                }
            )
    return told


def _letter(proposals: Sequence[tuple[CatalogueNotice, Document]], settings: Settings) -> Letter:
    told = [
        {
            "title": displayable(document.title, limit=100),
            "url": displayable(document.url, limit=300),
            "link": safe_link(document.url),
            "number": displayable(notice.number, limit=60),
            "items": notice.items,
            "changed": sum(change["change"] != Change.CONFIRM.value for change in notice.changes),
            "groups": _groups(notice.changes),
            "names": [displayable(change["name"], limit=40) for change in notice.changes[:_LISTED]],
            "problems": [displayable(problem, limit=300) for problem in notice.problems],
            "command": displayable(accept_command(notice), limit=500),
            "dismiss": f"qualwatch catalogue dismiss {notice.version_id} --reason 理由",
            "region": region_name(notice.region),
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
