"""``qualwatch outbox``: what waits to be sent, what was given up, and another try for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from cli.chinese import Commands
from cli.common import Config, transaction
from vocabulary.codes import OutboxState
from vocabulary.dates import chinese_moment
from vocabulary.names import name_of
from vocabulary.presentation import displayable
from vocabulary.reasons import reason_in_chinese

if TYPE_CHECKING:
    from storage.tables import ChannelState, OutboxMessage

app = Commands(help="待发送和发送失败的邮件与消息。")

Ids = Annotated[list[int] | None, typer.Argument(metavar="编号...", help="编号，见 outbox list。")]


@app.command("list")
def list_(
    config: Config = None,
    sent: Annotated[bool, typer.Option("--sent", help="包括已发送的。")] = False,
    limit: Annotated[int, typer.Option(min=1, help="最多显示的条数。")] = 50,
) -> None:
    """列出待发送和发送失败的邮件及原因，并计数。"""
    from alerts.delivery.dead_letters import count_messages, list_messages
    from alerts.delivery.ways import ways_down
    from settings.load import load_settings

    states = (
        tuple(OutboxState) if sent else tuple(state for state in OutboxState if state != OutboxState.SENT)
    )
    with transaction(config) as session:
        zone = ZoneInfo(load_settings(config).time_zone)
        for way in ways_down(session):
            typer.echo(_way_line(way, zone))
        for message in list_messages(session, states, limit):
            typer.echo(_line(message, zone))
        counts = count_messages(session)
        typer.echo("，".join(f"{name_of(state)} {count}" for state, count in counts.items()))


@app.command()
def retry(
    ids: Ids = None,
    dead: Annotated[bool, typer.Option("--dead", help="全部发送失败的。")] = False,
    config: Config = None,
) -> None:
    """立即重新发送，尝试次数重新计算。"""
    from alerts.delivery.dead_letters import retry_dead_letters, retry_messages

    if bool(ids) == dead:
        raise typer.BadParameter("请写明编号，或用 --dead 指全部发送失败的")
    now = datetime.now(UTC)
    with transaction(config) as session:
        count = retry_dead_letters(session, now) if dead else retry_messages(session, ids or (), now)
    _report(count, "条将重新发送", ids)


@app.command()
def drop(ids: Ids = None, config: Config = None) -> None:
    """放弃发送；已发现的情形仍保留。"""
    from alerts.delivery.dead_letters import drop_messages

    if not ids:
        raise typer.BadParameter("请写明编号")
    with transaction(config) as session:
        count = drop_messages(session, ids)
    _report(count, "条已放弃", ids)


def _line(message: OutboxMessage, zone: ZoneInfo) -> str:
    subject = displayable(str(message.payload.get("subject", "")), limit=60)
    line = f"{message.id}  {name_of(message.state)}  {message.channel} → {message.recipient}  {subject}"
    if message.state == OutboxState.WAITING and message.attempts:
        again = chinese_moment(message.next_attempt_at.astimezone(zone))
        line += f"\n    第 {message.attempts} 次发送失败，下次 {again}"
    if message.last_error:
        line += f"\n    {displayable(reason_in_chinese(message.last_error), limit=200)}"
    return line


def _way_line(way: ChannelState, zone: ZoneInfo) -> str:
    since = way.down_since.astimezone(zone) if way.down_since else None
    name = f"{way.channel}（{way.recipient}）" if way.recipient else way.channel
    return (
        f"⚠ {name} 自 {since:%Y-%m-%d %H:%M} 起不通：{reason_in_chinese(way.last_error)}。"
        "每几分钟试一次，恢复后全部发出"
    )


def _report(count: int, what: str, ids: list[int] | None) -> None:
    typer.echo(f"{count} {what}")
    if ids and count < len(set(ids)):
        typer.echo("其余的不存在、已发送或正在发送", err=True)
        raise typer.Exit(1)
