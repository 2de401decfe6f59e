"""``qualwatch chat``: group chats and webhooks that are told beside the mails."""

from __future__ import annotations

import getpass
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.chinese import Commands
from cli.common import Config, database, load, refusal, whole
from cli.people_kept import change_people
from vocabulary.presentation import displayable

app = Commands(
    help="群聊：列出、新增、暂停、恢复、删除，发送测试消息。\n\n"
    "新增的保存在数据库中，与工作台的“通知对象”相同，监测程序一分钟之内采用；"
    "写在 qualwatch.toml 中的只能在该文件中修改。"
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="群聊的代号。")]


@app.command("list")
def list_(config: Config = None) -> None:
    """列出全部群聊，注明写在哪里；不显示地址。"""
    from sqlmodel import Session

    from alerts.people.in_force import seal_of
    from alerts.people.kept import kept_people

    with database(config) as (file, engine), Session(engine) as session:
        kept = kept_people(session, lambda: seal_of(file))
    lines = [f"{each.name}（{each.channel}，配置文件）" for each in file.chats]
    for each in kept.chats:
        state = "，已暂停" if each.is_paused else ""
        lines.append(f"{each.name}（{each.channel}，数据库{state}{'' if each.chat else '，地址不能读取'}）")
    for line in lines or ["尚无群聊"]:
        typer.echo(displayable(line, limit=300))


@app.command()
def add(
    name: Name,
    channel: Annotated[
        str, typer.Option("--channel", metavar="KIND", help="wecom、dingtalk、feishu 或 webhook。")
    ],
    config: Config = None,
) -> None:
    """新增群聊，保存在数据库中；地址从标准输入读取一行，终端上不回显。"""
    from alerts.people.changing import PersonRefused, add_chat, read_chat
    from alerts.people.in_force import seal_of

    settings = load(config)
    address = getpass.getpass("机器人或接口的地址：") if sys.stdin.isatty() else sys.stdin.readline()
    try:
        chat = read_chat(name, channel, address, settings)
    except PersonRefused as error:
        raise refusal(str(error)) from error
    change_people(
        config,
        lambda session, file, actor, now: add_chat(
            session, chat, seal_of(file), file=file, actor=actor, now=now
        ),
    )
    typer.echo(f"✓ 已新增 {chat.name}，监测程序一分钟之内采用")


@app.command()
def pause(name: Name, config: Config = None) -> None:
    """暂停：不再写入新的消息，已写入的照常发出。"""
    _pause(name, config, is_paused=True)


@app.command()
def resume(name: Name, config: Config = None) -> None:
    """恢复通知。"""
    _pause(name, config, is_paused=False)


@app.command()
def remove(name: Name, config: Config = None) -> None:
    """从数据库中删除群聊；仍有人由其通知，或有消息待发时不能删除。"""
    from alerts.people.changing import chat_number, remove_chat

    change_people(
        config,
        lambda session, _file, actor, now: remove_chat(
            session, chat_number(session, name), actor=actor, now=now
        ),
    )
    typer.echo(f"✓ 已删除 {displayable(name, limit=60)}")


@app.command("test")
def try_out(name: Name, config: Config = None) -> None:
    """发一条测试消息，由监测程序发出；结果见待发消息（qualwatch outbox）或工作台。"""
    from alerts.people.in_force import settings_now
    from alerts.people.trial import send_trial
    from alerts.recipients import Recipient

    with database(config) as (file, engine):
        settings, _ = settings_now(engine, file)
        if name not in {chat.name for chat in settings.chats}:
            raise refusal(f"没有代号为“{displayable(name, limit=60)}”的群聊")
        to, now = Recipient(name, ""), datetime.now(UTC)
        with whole(engine) as session:
            send_trial(session, to, settings, actor=getpass.getuser(), now=now, in_chat=True)
    typer.echo("✓ 测试消息已写入待发消息")


def _pause(name: str, config: Config, *, is_paused: bool) -> None:
    from alerts.people.changing import chat_number, pause_chat

    change_people(
        config,
        lambda session, _file, actor, now: pause_chat(
            session, chat_number(session, name), is_paused=is_paused, actor=actor, now=now
        ),
    )
    typer.echo(f"✓ {'已暂停' if is_paused else '已恢复'}通知 {displayable(name, limit=60)}")
