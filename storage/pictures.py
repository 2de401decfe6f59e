"""Pictures of archived pages: asked for by people, taken by whatever runs a browser, kept as evidence.

A picture hangs on its version: it goes when that goes, and stays as long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select, update

from storage.evidence import EvidenceRef
from storage.rows import insert_once
from storage.tables import PagePicture


@dataclass(frozen=True, slots=True)
class Taken:
    """A picture that was taken and lies in the archive."""

    ref: EvidenceRef
    size: int
    width: int
    height: int
    is_cut: bool
    drawn_by: str


def ask_picture(session: Session, version_id: int, *, actor: str, now: datetime) -> None:
    """Have a picture taken, or tried again where that failed; one that is there stays."""
    if insert_once(session, PagePicture(version_id=version_id, asked_by=actor, asked_at=now)) is not None:
        return
    failed = (col(PagePicture.version_id) == version_id, col(PagePicture.taken_at).is_(None))
    session.execute(update(PagePicture).where(*failed).values(problem="", asked_by=actor, asked_at=now))


def waiting_pictures(session: Session, limit: int) -> Sequence[int]:
    """Versions of which a picture is to be taken, the first asked for first."""
    waiting = select(PagePicture.version_id).where(
        col(PagePicture.taken_at).is_(None), col(PagePicture.problem) == ""
    )
    return session.exec(waiting.order_by(col(PagePicture.id)).limit(limit)).all()


def keep_picture(session: Session, version_id: int, taken: Taken, now: datetime) -> bool:
    """Note that it was taken; False where another program was faster, or the version is gone."""
    ref = taken.ref
    noted = session.execute(
        update(PagePicture)
        .where(col(PagePicture.version_id) == version_id, col(PagePicture.taken_at).is_(None))
        .values(
            taken_at=now,
            problem="",
            width=taken.width,
            height=taken.height,
            is_cut=taken.is_cut,
            drawn_by=taken.drawn_by[:80],
            size=taken.size,
            body_sha256=ref.body_sha256,
            evidence_file=ref.file,
            evidence_record=ref.record_id,
            evidence_offset=ref.offset,
        )
    )
    return bool(noted.rowcount)  # type: ignore[attr-defined]


def refuse_picture(session: Session, version_id: int, why: str) -> None:
    """Note why there is none."""
    waiting = (col(PagePicture.version_id) == version_id, col(PagePicture.taken_at).is_(None))
    session.execute(update(PagePicture).where(*waiting).values(problem=why[:500] or "error"))


def pictures_of(session: Session, versions: Sequence[int]) -> Mapping[int, PagePicture]:
    """What is known of the pictures of these versions."""
    rows = session.exec(select(PagePicture).where(col(PagePicture.version_id).in_(versions)))
    return {row.version_id: row for row in rows}
