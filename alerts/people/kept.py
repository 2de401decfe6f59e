"""Who is told beside those that the file names, and the settings with both of them.

What the file names is provisioned by it, cannot be changed at the desk, and wins where both have a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from pydantic import ValidationError
from sqlmodel import Session, col, func, select

from alerts.delivery.channels import chat_problem
from settings.model import Settings
from settings.people import KeptChat, Supervisor, circle_above, superiors_of
from storage.sealing import OpenSeal, Seal, SealError
from storage.tables import StoredChat, StoredSupervisor

Mark = tuple[int | datetime | None, ...]
"""Changes whenever a kept supervisor or chat does."""
NOBODY: Mark = (0, None, None, 0, None, None)
"""That of a database without any."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class KeptSupervisor:
    """A supervisor of the desk; ``number`` names their row."""

    number: int
    supervisor: Supervisor
    is_paused: bool


@dataclass(frozen=True, slots=True)
class ChatRow:
    """A chat of the desk; None: its address cannot be read here, or is none of its kind."""

    number: int
    name: str
    channel: str
    chat: KeptChat | None
    is_paused: bool


@dataclass(frozen=True, slots=True)
class People:
    """All that are kept at the desk, paused ones too."""

    supervisors: Sequence[KeptSupervisor] = ()
    chats: Sequence[ChatRow] = ()


def people_mark(session: Session) -> Mark:
    """What to compare, so that people are read where they changed and not before."""
    columns = [
        select(what).scalar_subquery()
        for table in (StoredSupervisor, StoredChat)
        for what in (func.count(col(table.id)), func.max(col(table.id)), func.max(col(table.changed_at)))
    ]
    return tuple(session.execute(select(*columns)).one())


def kept_people(session: Session, open_seal: OpenSeal) -> People:
    """Those of the database; a row that this version does not understand is left out and told in the log."""
    read = (
        (row, supervisor_in(row))
        for row in session.exec(select(StoredSupervisor).order_by(col(StoredSupervisor.key)))
    )
    supervisors = [KeptSupervisor(row.id or 0, who, row.is_paused) for row, who in read if who is not None]
    rows = session.exec(select(StoredChat).order_by(col(StoredChat.key))).all()
    return People(tuple(supervisors), tuple(_chats(rows, open_seal)))


def supervisor_in(row: StoredSupervisor) -> Supervisor | None:
    """None where this version does not understand the row, which the log says."""
    try:
        return Supervisor.model_validate(row.said)
    except ValidationError as error:
        log.error("stored_supervisor_not_read", supervisor=row.key, why=str(error.errors()[0]["msg"]))  # noqa: TRY400
        return None


def with_people(file: Settings, kept: People) -> Settings:
    """``file`` as if it named those of ``kept`` too whom it does not name.

    Whoever is paused is told nothing; into a paused chat goes only what was written for it before. What
    stands in no order any more, because the file changed, is left out: a chat that is gone, a superior who
    would lead back to where one came from.
    """
    own = {chat.name for chat in file.chats}
    added = [each for each in kept.chats if each.chat is not None and each.name not in own]
    open_chats = own | {each.name for each in added if not each.is_paused}
    above = superiors_of(file.supervisors)
    supervisors = []
    for each in kept.supervisors:
        address = each.supervisor.email.casefold()
        if each.is_paused or address in above:
            continue
        superior = each.supervisor.superior
        above[address] = superior and superior.casefold()
        if circle_above(above, address):
            above[address] = superior = None
        chats = tuple(chat for chat in each.supervisor.chats if chat in open_chats)
        supervisors.append(each.supervisor.model_copy(update={"superior": superior, "chats": chats}))
    if not added and not supervisors:
        return file
    update = {
        "chats": (*file.chats, *(each.chat for each in added)),
        "supervisors": (*file.supervisors, *supervisors),
    }
    return file.model_copy(update=update)


def _chats(rows: Sequence[StoredChat], open_seal: OpenSeal) -> Iterator[ChatRow]:
    seal: Seal | None = None
    for row in rows:
        chat: KeptChat | None = None
        try:
            seal = seal or open_seal()
            said = {**row.said, "name": row.key, "secret_url": seal.read(row.sealed)}
            chat = KeptChat.model_validate(said)
            why = chat_problem(chat)
        except (SealError, OSError) as error:
            why = str(error)
        except ValidationError as error:
            why = str(error.errors()[0]["msg"])
        if why:
            log.error("stored_chat_not_read", chat=row.key, why=why)
        channel = str(row.said.get("channel", ""))
        yield ChatRow(row.id or 0, row.key, channel, None if why else chat, row.is_paused)
