"""``qualwatch user``: who may sign in at the console, with which rights, and what people did."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from cli.case_filter import day
from cli.chinese import Commands
from cli.common import Config, database, refuse
from vocabulary.dates import chinese_day, chinese_moment
from vocabulary.names import name_of
from vocabulary.people import AuditKind, Role
from vocabulary.presentation import displayable
from vocabulary.regions import present_code, region_problem

if TYPE_CHECKING:
    from sqlmodel import Session

    from settings import Settings
    from storage.tables import Account, AuditEntry

app = Commands(help="账号：新增、重置、停用、代办，以及操作记录。")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="账号的邮箱地址。")]


@app.command()
def add(
    email: Email,
    *,
    name: Annotated[str, typer.Option(help="姓名；不写则用邮箱名。")] = "",
    role: Annotated[
        Role, typer.Option(help="权限：viewer 查阅，reviewer 办理，administrator 管理。")
    ] = Role.REVIEWER,
    region: Annotated[
        list[str] | None,
        typer.Option(
            "--region", help="负责地区的行政区划代码（GB/T 2260），可重复；不写则按配置，配置中没有则为全部。"
        ),
    ] = None,
    department: Annotated[
        list[str] | None, typer.Option("--department", help="负责的部门，例如 财政，可重复；不写同上。")
    ] = None,
    language: Annotated[str, typer.Option(help="页面语言：zh-CN 或 en。")] = "zh-CN",
    config: Config = None,
) -> None:
    """新增账号，打印设置密码的一次性链接。"""
    from accounts import people
    from accounts.people import Person

    if language not in {"zh-CN", "en"}:
        raise typer.BadParameter(f"“{language}”：请写 zh-CN 或 en")
    person = Person(
        email=email,
        name=name,
        role=role,
        regions=tuple(_region(code) for code in region or ()),
        departments=tuple(each.strip() for each in department or () if each.strip()),
        language=language,
    )
    with _changing(config) as (settings, session, now):
        account = people.add(session, person, actor=_actor(), now=now)
        token = people.invite(session, account, settings.accounts, now=now)
    typer.echo(f"已新增：{_line(account)}")
    _say_link(settings, token)


@app.command()
def change(
    email: Email,
    *,
    role: Annotated[Role | None, typer.Option(help="新的权限；不写则不变。")] = None,
    region: Annotated[
        list[str] | None, typer.Option("--region", help="新的负责地区，可重复，写 - 为不限；不写则不变。")
    ] = None,
    department: Annotated[
        list[str] | None, typer.Option("--department", help="新的负责部门，可重复，写 - 为不限；不写则不变。")
    ] = None,
    config: Config = None,
) -> None:
    """修改账号的权限、负责的地区和部门，下一次点击即生效。"""
    from accounts import people

    regions = None if region is None else [_region(code) for code in region if code != "-"]
    departments = None if department is None else [each.strip() for each in department if each != "-"]
    with _changing(config) as (_, session, now):
        account = people.get(session, email)
        people.change(
            session,
            account,
            role=role,
            regions=regions,
            departments=departments,
            actor=_actor(),
            now=now,
        )
        said = _line(account)
    typer.echo(f"已修改：{said}")


@app.command()
def reset(email: Email, config: Config = None) -> None:
    """清除密码、动态验证码、登录和访问令牌，打印重新设置密码的一次性链接。"""
    from accounts import people

    with _changing(config) as (settings, session, now):
        account = people.get(session, email)
        people.reset(session, account, actor=_actor(), now=now)
        token = people.invite(session, account, settings.accounts, now=now)
        if account.disabled_at is not None:
            typer.echo(f"{account.email} 目前停用，恢复用 qualwatch user enable", err=True)
    _say_link(settings, token)


@app.command()
def disable(email: Email, config: Config = None) -> None:
    """停用账号：立即退出所有设备，办理过的案件仍记在其名下。"""
    from accounts import people

    with _changing(config) as (_, session, now):
        people.disable(session, account := people.get(session, email), actor=_actor(), now=now)
        said = account.email
    typer.echo(f"已停用：{said}")


@app.command()
def enable(email: Email, config: Config = None) -> None:
    """恢复停用的账号。"""
    from accounts import people

    with _changing(config) as (_, session, now):
        people.enable(session, account := people.get(session, email), actor=_actor(), now=now)
        said = account.email
    typer.echo(f"已恢复：{said}")


@app.command("sign-out")
def sign_out(email: Email, config: Config = None) -> None:
    """退出一个账号登录的所有设备。"""
    from accounts import people, sessions

    with _changing(config) as (_, session, now):
        ended = sessions.end_all(session, people.get(session, email), actor=_actor(), now=now)
    typer.echo(f"已退出 {ended} 处登录")


@app.command()
def leave(
    email: Email,
    *,
    to: Annotated[str, typer.Option("--to", metavar="EMAIL", help="代办人的账号。")] = "",
    since: Annotated[str, typer.Option("--since", metavar="DATE", help="从此日起；不写则为今天。")] = "",
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="到此日为止（含当日）。")] = "",
    end: Annotated[bool, typer.Option("--end", help="结束代办。")] = False,
    config: Config = None,
) -> None:
    """休假期间由他人代办：代办人可查阅和办理其案件，邮件同时发给代办人。"""
    from accounts import people
    from accounts.leave import end_leave, set_leave

    if end == bool(to):
        raise typer.BadParameter("请写 --to 代办人和 --until 日期，或写 --end 结束代办")
    if to and not until:
        raise typer.BadParameter("请写明代办到哪一天为止：--until 2026-12-31")
    with _changing(config) as (_, session, now):
        account = people.get(session, email)
        if end:
            end_leave(session, account, actor=_actor(), now=now)
            said = f"{account.email} 的代办已结束"
        else:
            first, last = day(since) if since else now.date(), day(until)
            set_leave(session, account, to, first, last, actor=_actor(), now=now)
            said = f"{account.email} 由 {account.substitute} 代办：{_days(first, last)}"
    typer.echo(said)


@app.command("list")
def list_(config: Config = None) -> None:
    """列出账号：权限、负责的地区和部门、最近登录。"""
    from sqlmodel import Session

    from accounts import people

    with database(config) as (settings, engine), Session(engine) as session:
        zone, found = ZoneInfo(settings.time_zone), people.everybody(session)
        for account in found:
            typer.echo(_line(account, zone))
    if not found:
        typer.echo("尚无账号：用 qualwatch user add EMAIL --role administrator 新增第一个", err=True)


@app.command()
def audit(
    email: Annotated[str, typer.Argument(metavar="[EMAIL]", help="只列此人的操作；不写则为全部。")] = "",
    case: Annotated[int | None, typer.Option("--case", help="只列一个案件的。")] = None,
    kind: Annotated[list[AuditKind] | None, typer.Option("--kind", help="只列此类，可重复。")] = None,
    limit: Annotated[int, typer.Option(min=1, help="最多显示的条数。")] = 50,
    config: Config = None,
) -> None:
    """操作记录，最近的在前：登录、办理、查阅个人信息、导出；不能更改或删除。"""
    from sqlmodel import Session

    from accounts import people
    from storage.audit import read_trail

    with database(config) as (settings, engine), Session(engine) as session:
        zone, who = ZoneInfo(settings.time_zone), people.normal_email(email)
        for entry in read_trail(session, actor=who, case_id=case, kinds=tuple(kind or ()), limit=limit):
            typer.echo(_entry_line(entry, zone))


@contextmanager
def _changing(config: Path | None) -> Iterator[tuple[Settings, Session, datetime]]:
    """A transaction with the office's time; exits with 2 and one message where it cannot be done."""
    from sqlmodel import Session

    from accounts.errors import AccountError

    with database(config) as (settings, engine):
        try:
            with Session(engine, expire_on_commit=False) as session, session.begin():
                yield settings, session, datetime.now(UTC).astimezone(ZoneInfo(settings.time_zone))
        except AccountError as error:
            raise refuse(error) from error


def _actor() -> str:
    return f"{getpass.getuser()}（命令行）"


def _region(typed: str) -> str:
    if problem := region_problem(typed):
        raise typer.BadParameter(f"{typed!r}: {problem}")
    return present_code(typed)


def _say_link(settings: Settings, token: str) -> None:
    from alerts.delivery.links import invitation_link

    link = invitation_link(settings, token)
    if not link:
        raise refuse(
            "尚不知道页面的地址：请先运行一次 qualwatch run，或设置 console.base_url，再用 user reset"
        )
    hours = settings.accounts.invitation_hours
    typer.echo(f"请把此链接交给本人设置密码，{hours} 小时内有效，只能用一次：\n{link}")


def _line(account: Account, zone: ZoneInfo | None = None) -> str:
    from vocabulary.areas import region_name

    parts = [account.email, displayable(account.name, limit=60), name_of(account.role)]
    parts.append("、".join(region_name(code) for code in account.regions))
    parts.append("、".join(displayable(each, limit=40) for each in account.departments))
    if account.disabled_at is not None:
        parts.append("已停用")
    elif not account.password_hash:
        parts.append("尚未设置密码")
    elif account.totp_secret:
        parts.append("动态验证码")
    if account.substitute and account.leave_from and account.leave_until:
        parts.append(f"{_days(account.leave_from, account.leave_until)}由 {account.substitute} 代办")
    if zone is not None and account.signed_in_at is not None:
        parts.append(f"最近登录 {chinese_moment(account.signed_in_at.astimezone(zone))}")
    return "  ".join(part for part in parts if part)


def _days(first: date, last: date) -> str:
    return f"{chinese_day(first)}至{chinese_day(last)}"


def _entry_line(entry: AuditEntry, zone: ZoneInfo) -> str:
    parts = (
        chinese_moment(entry.at.astimezone(zone)),
        name_of(entry.kind),
        displayable(entry.actor, limit=120),
        entry.subject if entry.subject != entry.actor else "",
        f"案件 {entry.case_id}" if entry.case_id is not None else "",
        displayable(entry.detail, limit=200),
        entry.origin,
    )
    return "  ".join(part for part in parts if part)
