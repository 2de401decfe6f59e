"""``qualwatch supervisor``: who is told by mail, of the file and of the database."""

from __future__ import annotations

import getpass
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.chinese import Commands
from cli.common import Config, database, refusal
from cli.people_kept import change_people
from vocabulary.presentation import displayable

app = Commands(
    help="监管人员：列出、新增、暂停、恢复、删除，发送测试邮件。\n\n"
    "新增的保存在数据库中，与工作台的“通知对象”相同，监测程序一分钟之内采用；"
    "写在 qualwatch.toml 中的只能在该文件中修改。"
)
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="监管人员的邮箱。")]
_MANY = "，可写多次"


@app.command("list")
def list_(config: Config = None) -> None:
    """列出全部监管人员，注明写在哪里。"""
    from sqlmodel import Session

    from alerts.people.in_force import seal_of
    from alerts.people.kept import kept_people

    with database(config) as (file, engine), Session(engine) as session:
        kept = kept_people(session, lambda: seal_of(file))
    rows = [(each, "配置文件") for each in file.supervisors]
    rows += [(each.supervisor, "数据库，已暂停" if each.is_paused else "数据库") for each in kept.supervisors]
    for who, where in rows:
        regions, departments = ("、".join(each) or "全部" for each in (who.regions, who.departments))
        said = f"{who.name} <{who.email}>（{where}）地区 {regions}，部门 {departments}"
        chats = f"，群聊 {'、'.join(who.chats)}" if who.chats else ""
        typer.echo(displayable(said + chats, limit=600))
    if not rows:
        typer.echo("尚无监管人员，全部通知发给系统管理员")


@app.command()
def add(  # noqa: PLR0917 - as typer wants it
    email: Email,
    name: Annotated[str, typer.Option("--name", help="姓名。")],
    regions: Annotated[
        list[str] | None, typer.Option("--region", help=f"负责的地区，名称或代码{_MANY}；不写为全部。")
    ] = None,
    departments: Annotated[
        list[str] | None, typer.Option("--department", help=f"负责的部门{_MANY}；不写为全部。")
    ] = None,
    superior: Annotated[str, typer.Option("--superior", metavar="EMAIL", help="上级的邮箱。")] = "",
    chats: Annotated[list[str] | None, typer.Option("--chat", help=f"同时通知的群聊的代号{_MANY}。")] = None,
    config: Config = None,
) -> None:
    """新增监管人员，保存在数据库中；其余各项可在工作台修改。"""
    from alerts.people.changing import PersonRefused, add_supervisor, read_supervisor
    from vocabulary.regions import region_code

    try:
        codes = [region_code(each) for each in regions or ()]
        said = {"name": name, "email": email, "regions": codes, "departments": departments or ()}
        who = read_supervisor({**said, "superior": superior or None, "chats": chats or ()})
    except (PersonRefused, ValueError) as error:
        raise refusal(str(error)) from error
    change_people(
        config,
        lambda session, file, actor, now: add_supervisor(session, who, file=file, actor=actor, now=now),
    )
    typer.echo(f"✓ 已新增 {who.email}，监测程序一分钟之内采用")


@app.command()
def pause(email: Email, config: Config = None) -> None:
    """暂停通知数据库中的监管人员；其邮件中的链接不能再打开。"""
    _pause(email, config, is_paused=True)


@app.command()
def resume(email: Email, config: Config = None) -> None:
    """恢复通知。"""
    _pause(email, config, is_paused=False)


@app.command()
def remove(email: Email, config: Config = None) -> None:
    """从数据库中删除监管人员；已有的案件和记录保留。"""
    from alerts.people.changing import remove_supervisor, supervisor_number

    change_people(
        config,
        lambda session, _file, actor, now: remove_supervisor(
            session, supervisor_number(session, email), actor=actor, now=now
        ),
    )
    typer.echo(f"✓ 已删除 {displayable(email, limit=254)}")


@app.command("test")
def try_out(email: Email, config: Config = None) -> None:
    """发一封测试邮件，由监测程序发出；结果见待发消息（qualwatch outbox）或工作台。"""
    from alerts.people.in_force import settings_now
    from alerts.people.trial import send_trial
    from alerts.recipients import addressee
    from cli.common import whole

    with database(config) as (file, engine):
        settings, _ = settings_now(engine, file)
        recipient = addressee(settings, email)
        if recipient is None:
            raise refusal(f"{displayable(email, limit=254)} 不是监管人员、其上级或管理员")
        with whole(engine) as session:
            alone, now = replace(recipient, chats=()), datetime.now(UTC)
            send_trial(session, alone, settings, actor=getpass.getuser(), now=now)
    typer.echo("✓ 测试邮件已写入待发消息")


def _pause(email: str, config: Config, *, is_paused: bool) -> None:
    from alerts.people.changing import pause_supervisor, supervisor_number

    change_people(
        config,
        lambda session, _file, actor, now: pause_supervisor(
            session, supervisor_number(session, email), is_paused=is_paused, actor=actor, now=now
        ),
    )
    typer.echo(f"✓ {'已暂停' if is_paused else '已恢复'}通知 {displayable(email, limit=254)}")
