"""Supervisors and chats of the desk: added, changed, paused and removed, each with a row of the trail.

Pages and commands change them by these functions alone; programs that run take them up within seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import ValidationError
from sqlalchemy import delete as delete_rows
from sqlmodel import Session, col, func, select

from alerts.delivery.channels import chat_problem
from alerts.delivery.chats import guard_of, host_and_port
from alerts.people.kept import supervisor_in
from cases.departments import fields_of
from crawling.fetching.model import FetchError
from settings.model import Settings
from settings.people import KeptChat, Supervisor, circle_above, superiors_of
from storage.audit import record
from storage.errors import StorageError
from storage.rows import insert_once
from storage.sealing import Seal
from storage.tables import OutboxMessage, StoredChat, StoredSupervisor
from vocabulary.codes import OutboxState
from vocabulary.people import AuditKind

_FIELDS = {
    "name": "姓名",
    "email": "邮箱",
    "regions": "地区",
    "departments": "部门",
    "severities": "风险等级",
    "working_days": "工作日（至少一天）",
    "working_hours": "工作时间（如 08:30-17:30）",
    "superior": "上级的邮箱",
    "language": "语言",
    "chats": "群聊",
}
"""What people are told of a key of a supervisor that is not as it should be."""
_NAME = 60
_ADDRESS = 2048
_TICK = timedelta(microseconds=1)
_Row = TypeVar("_Row", StoredSupervisor, StoredChat)


class PersonRefused(StorageError):  # noqa: N818 - a change is refused, and nothing happened
    """The supervisor or chat cannot be added or changed; says why, in Chinese."""


def read_supervisor(said: Mapping[str, Any]) -> Supervisor:
    """The supervisor that somebody wrote, None being a default. Raises :class:`PersonRefused` otherwise."""
    try:
        read = Supervisor.model_validate({key: value for key, value in said.items() if value is not None})
    except ValidationError as error:
        wrong = dict.fromkeys(str(each["loc"][0]) for each in error.errors() if each["loc"])
        # A rule about all of it: that work ends after it begins.
        raise PersonRefused(f"请检查：{_named(wrong or ('working_hours',))}") from error
    if not read.name.strip() or len(read.name) > _NAME or not read.name.isprintable():
        raise PersonRefused(f"请检查：姓名（1 至 {_NAME} 个字符，不能换行）")
    for department in read.departments:
        if not department.isprintable() or not fields_of(department):
            raise PersonRefused("请检查：部门（如 财政、人力资源社会保障）")
    return read


def read_chat(name: str, channel: str, address: str, settings: Settings) -> KeptChat:
    """The chat that somebody wrote; asks the name service where the address names its own host.

    Raises :class:`PersonRefused`, without the address, where it is no chat's, or leads into the house.
    """
    address = address.strip()
    if not address or len(address) > _ADDRESS or not address.isprintable() or " " in address:
        raise PersonRefused("请检查：机器人或接口的地址")
    try:
        chat = KeptChat.model_validate({"name": name, "channel": channel, "secret_url": address})
    except ValidationError as error:
        raise PersonRefused("请检查：代号（小写字母、数字、- 和 _，最多 40 个字符）和类型") from error
    if chat_problem(chat):
        raise PersonRefused("地址与所选类型不符：请从机器人的设置中完整复制")
    if chat.channel == "webhook":
        _require_outside(address, settings)
    return chat


def add_supervisor(
    session: Session, supervisor: Supervisor, *, file: Settings, actor: str, now: datetime
) -> int:
    """Keep a new supervisor; their number. Raises :class:`PersonRefused` where the address is taken.

    ``file`` is the configuration, with those whom it names.
    """
    _require_fitting(session, supervisor, file, but=0)
    row = StoredSupervisor(
        key=supervisor.email.casefold(), said=_said(supervisor), added_by=actor, added_at=now,
        changed_by=actor, changed_at=now,
    )  # fmt: skip
    number = insert_once(session, row)
    if number is None:
        raise PersonRefused(f"{supervisor.email} 已在名单中")
    detail = "、".join(f"{key}={value}" for key, value in row.said.items())
    record(session, AuditKind.SUPERVISOR_ADDED, actor=actor, at=now, subject=row.key, detail=detail)
    return number


def change_supervisor(
    session: Session, number: int, supervisor: Supervisor, *, file: Settings, actor: str, now: datetime
) -> None:
    """Have a kept supervisor be ``supervisor``. Raises :class:`PersonRefused` where that cannot be."""
    row = _locked(session, StoredSupervisor, number)
    _require_fitting(session, supervisor, file, but=number)
    after, before = _said(supervisor), row.said
    if after == before:
        return
    changed = sorted(key for key in {*after, *before} if after.get(key) != before.get(key))
    detail = "、".join(f"{key}={after.get(key)}" for key in changed)
    row.key, row.said = supervisor.email.casefold(), after
    _note(session, row, AuditKind.SUPERVISOR_CHANGED, detail, actor=actor, now=now)


def pause_supervisor(session: Session, number: int, *, is_paused: bool, actor: str, now: datetime) -> None:
    """Tell a kept supervisor nothing for the time being, or again. Raises :class:`PersonRefused`."""
    _pause(session, StoredSupervisor, number, is_paused=is_paused, actor=actor, now=now)


def remove_supervisor(session: Session, number: int, *, actor: str, now: datetime) -> None:
    """Tell a kept supervisor nothing any more; their cases stay. Raises :class:`PersonRefused`."""
    row = _locked(session, StoredSupervisor, number)
    detail = str(row.said.get("name", ""))
    record(session, AuditKind.SUPERVISOR_REMOVED, actor=actor, at=now, subject=row.key, detail=detail)
    session.execute(delete_rows(StoredSupervisor).where(col(StoredSupervisor.id) == number))


def add_chat(
    session: Session, chat: KeptChat, seal: Seal, *, file: Settings, actor: str, now: datetime
) -> int:
    """Keep a new chat, its address sealed; its number. Raises :class:`PersonRefused` for a taken name."""
    row = StoredChat(
        key=chat.name, said={"channel": chat.channel}, sealed=seal.seal(chat.secret_url.get_secret_value()),
        added_by=actor, added_at=now, changed_by=actor, changed_at=now,
    )  # fmt: skip
    is_named = chat.name in {each.name for each in file.chats}
    number = None if is_named else insert_once(session, row)
    if number is None:
        raise PersonRefused(f"代号“{chat.name}”已被使用，请换一个")
    record(
        session,
        AuditKind.CHAT_ADDED,
        actor=actor,
        at=now,
        subject=chat.name,
        detail=f"channel={chat.channel}",
    )
    return number


def change_chat(
    session: Session, number: int, chat: KeptChat, seal: Seal, *, actor: str, now: datetime
) -> None:
    """Have a kept chat lead to another address; its name stays. Raises :class:`PersonRefused`."""
    row = _locked(session, StoredChat, number)
    row.said = {"channel": chat.channel}
    row.sealed = seal.seal(chat.secret_url.get_secret_value())
    _note(session, row, AuditKind.CHAT_CHANGED, f"channel={chat.channel}、地址已更换", actor=actor, now=now)


def pause_chat(session: Session, number: int, *, is_paused: bool, actor: str, now: datetime) -> None:
    """Write nothing new for a kept chat, or again. Raises :class:`PersonRefused`."""
    _pause(session, StoredChat, number, is_paused=is_paused, actor=actor, now=now)


def remove_chat(session: Session, number: int, *, actor: str, now: datetime) -> None:
    """Forget a chat. Raises :class:`PersonRefused` while somebody is told there or a message waits for it."""
    row = _locked(session, StoredChat, number)
    named = [each.name for each in _supervisors(session) if row.key in each.chats]
    if named:
        raise PersonRefused(f"{'、'.join(named[:5])} 仍由该群聊通知：请先在其资料中取消")
    on_hand = (OutboxState.WAITING, OutboxState.LEASED)
    waiting = session.execute(
        select(func.count(col(OutboxMessage.id)))
        .where(col(OutboxMessage.channel) == str(row.said.get("channel")))
        .where(col(OutboxMessage.recipient) == row.key, col(OutboxMessage.state).in_(on_hand))
    ).scalar_one()
    if waiting:
        raise PersonRefused(
            f"还有 {waiting} 条消息待发：请先暂停，发完后再删除（或用 qualwatch outbox drop 丢弃）"
        )
    record(session, AuditKind.CHAT_REMOVED, actor=actor, at=now, subject=row.key)
    session.execute(delete_rows(StoredChat).where(col(StoredChat.id) == number))


def supervisor_number(session: Session, email: str) -> int:
    """The number of a kept supervisor; raises :class:`PersonRefused`."""
    return _number(session, StoredSupervisor, email.strip().casefold())


def chat_number(session: Session, name: str) -> int:
    """The number of a kept chat; raises likewise."""
    return _number(session, StoredChat, name)


def _number(session: Session, table: type[_Row], key: str) -> int:
    number = session.execute(select(col(table.id)).where(col(table.key) == key)).scalar_one_or_none()
    if number is None:
        raise PersonRefused("没有该对象：可能已被删除，或写在配置文件中，只能在文件中修改")
    return int(number)


def _require_fitting(session: Session, supervisor: Supervisor, file: Settings, *, but: int) -> None:
    """Address, chats and superior fit those who are there; ``but``: the number of who is changed."""
    address = supervisor.email.casefold()
    if address in superiors_of(file.supervisors):
        raise PersonRefused(f"{supervisor.email} 写在配置文件中，只能在文件中修改")
    there = [*file.supervisors, *_supervisors(session, but=but)]
    if address in superiors_of(there):
        raise PersonRefused(f"{supervisor.email} 已在名单中")
    known = {chat.name for chat in file.chats} | set(session.exec(select(StoredChat.key)))
    if unknown := sorted(set(supervisor.chats) - known):
        raise PersonRefused(f"没有代号为“{unknown[0][:40]}”的群聊")
    above = superiors_of((*there, supervisor))
    if circle_above(above, address):
        raise PersonRefused("上级的上级又回到本人：请不填上级，或改填他人")


def _supervisors(session: Session, *, but: int = 0) -> Iterable[Supervisor]:
    for row in session.exec(select(StoredSupervisor).where(col(StoredSupervisor.id) != but)):
        if (supervisor := supervisor_in(row)) is not None:
            yield supervisor


def _require_outside(address: str, settings: Settings) -> None:
    try:
        host, port = host_and_port(address)
        guard_of(settings).addresses(host, port)
    except ValueError as error:
        raise PersonRefused("请检查：接口的地址（须以 http:// 或 https:// 开头）") from error
    except FetchError as error:
        raise PersonRefused(
            "该地址在内网或本机，不向其发送：确需使用时，"
            "在 qualwatch.toml 的 fetching.allow_private_hosts 中列出"
        ) from error
    except OSError:
        return  # no name service here; whoever delivers looks again


def _pause(
    session: Session, table: type[_Row], number: int, *, is_paused: bool, actor: str, now: datetime
) -> None:
    row = _locked(session, table, number)
    if row.is_paused is is_paused:
        return
    row.is_paused = is_paused
    kind = AuditKind.SUPERVISOR_CHANGED if isinstance(row, StoredSupervisor) else AuditKind.CHAT_CHANGED
    _note(session, row, kind, "已暂停" if is_paused else "已恢复", actor=actor, now=now)


def _note(
    session: Session, row: StoredSupervisor | StoredChat, kind: AuditKind, detail: str, *, actor: str,
    now: datetime,
) -> None:  # fmt: skip
    # Later than any change before it, whatever the clock says: readers compare the latest.
    row.changed_by, row.changed_at = actor, max(now, row.changed_at + _TICK)
    session.add(row)
    record(session, kind, actor=actor, at=now, subject=row.key, detail=detail)


def _locked(session: Session, table: type[_Row], number: int) -> _Row:
    row = session.exec(select(table).where(col(table.id) == number).with_for_update()).one_or_none()
    if row is None:
        raise PersonRefused("没有该对象：可能已被删除，或写在配置文件中")
    return row


def _said(supervisor: Supervisor) -> dict[str, Any]:
    """With name and address, which have no default."""
    return supervisor.model_dump(mode="json", exclude_defaults=True)


def _named(keys: Iterable[str]) -> str:
    return "、".join(_FIELDS.get(key, key) for key in keys)
