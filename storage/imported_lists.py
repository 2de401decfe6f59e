"""What people brought into the catalogue, kept in the database, and read again only where it changed.

Official lists that were imported, and shipped rows that were compared with their source.
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import Engine, Executable, delete, union_all
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from catalogue.imported import NONE_IMPORTED, ImportedList, ImportedLists, digest_of
from catalogue.verified import VerifiedRow
from storage.database import for_reading
from storage.rows import OnConflict, insert_once, insert_or_update, rows
from storage.tables import StoredList, StoredVerification

_COLUMNS = ("document", "region", "source", "imported_on", "digest", "content", "items")
_SAME_LIST = OnConflict(key=("identity",), replace=_COLUMNS)
_SAME_ROW = OnConflict(key=("identity",), replace=("content", "row"))


class ListsInForce:
    """The lists as they are whenever somebody asks; for all threads of a process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = for_reading(engine)
        self._last = NONE_IMPORTED

    def read(self) -> ImportedLists:
        """The imported lists; where none has changed, a few short rows are all that is read."""
        with Session(self._engine) as session:
            self._last = read_lists(session, self._last)
            return self._last


def read_lists(session: Session, known: ImportedLists = NONE_IMPORTED) -> ImportedLists:
    """Lists and verified rows: ``known`` itself where they are the same; ValueError names a damaged one."""
    contents = {identity: content for identity, content in rows(session, _contents())}  # noqa: C416 - typed
    if digest_of(contents) == known.digest:
        return known
    return ImportedLists.of(
        (_list_of(row) for row in session.exec(select(StoredList))),
        (_verified_of(row) for row in session.exec(select(StoredVerification))),
    )


@cache
def _contents() -> Executable:
    return union_all(
        select_columns(col(StoredList.identity), col(StoredList.content)),
        select_columns(col(StoredVerification.identity), col(StoredVerification.content)),
    )


def keep_list(session: Session, imported: ImportedList, *, replacing: bool = False) -> bool:
    """Keep ``imported``; False where its document was imported before, which stays unless ``replacing``."""
    row = StoredList(
        identity=imported.identity,
        document=imported.document,
        region=imported.region,
        source=imported.source,
        imported_on=imported.imported_on,
        digest=imported.digest,
        content=imported.content,
        items=[item.to_plain() for item in imported.items],
    )
    if replacing:
        insert_or_update(session, row, _SAME_LIST)
        return True
    return insert_once(session, row) is not None


def forget_list(session: Session, identity: str) -> bool:
    """Take an import back; False where there is none of this name."""
    gone = session.execute(delete(StoredList).where(col(StoredList.identity) == identity))
    return bool(gone.rowcount)  # type: ignore[attr-defined]


def keep_verified(session: Session, row: VerifiedRow) -> None:
    """Keep what somebody found of a shipped row, in place of what was found of it before."""
    kept = StoredVerification(identity=row.identity, content=row.content, row=row.to_plain())
    insert_or_update(session, kept, _SAME_ROW)


def forget_verified(session: Session, identity: str) -> bool:
    """Take back that a row was compared with its source; False where it was not."""
    gone = session.execute(delete(StoredVerification).where(col(StoredVerification.identity) == identity))
    return bool(gone.rowcount)  # type: ignore[attr-defined]


def identities(session: Session) -> list[str]:
    """Names of the imported lists."""
    return sorted(session.exec(select(StoredList.identity)))


def _list_of(row: StoredList) -> ImportedList:
    try:
        return ImportedList.from_plain(
            {
                "document": row.document,
                "region": row.region,
                "source": row.source,
                "imported_on": row.imported_on.isoformat(),
                "items": row.items,
                "digest": row.digest,
            }
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"已导入的清单 {row.identity} 无法读取：{error!r}") from error


def _verified_of(row: StoredVerification) -> VerifiedRow:
    try:
        return VerifiedRow.from_plain(row.row)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"已核实的行 {row.identity} 无法读取：{error!r}") from error
