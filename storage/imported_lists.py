"""The official lists that were imported, kept in the database, and read again only where they changed."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Engine, Executable, delete
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from catalogue.imported import NONE_IMPORTED, ImportedList, ImportedLists, digest_of
from storage.database import for_reading
from storage.rows import OnConflict, insert_once, insert_or_update, rows
from storage.tables import StoredList

_COLUMNS = ("document", "region", "source", "imported_on", "digest", "content", "items")
_SAME_LIST = OnConflict(key=("identity",), replace=_COLUMNS)


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
    """The imported lists: ``known`` itself where they are the same; ValueError names a damaged one."""
    contents = {identity: content for identity, content in rows(session, _contents())}  # noqa: C416 - typed
    if digest_of(contents) == known.digest:
        return known
    return ImportedLists.of(_list_of(row) for row in session.exec(select(StoredList)))


@cache
def _contents() -> Executable:
    return select_columns(col(StoredList.identity), col(StoredList.content))


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
