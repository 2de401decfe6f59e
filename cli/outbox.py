"""``qualwatch outbox``: what waits to be sent, what was given up, and another try for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from alerts.delivery.dead_letters import (
    count_messages,
    drop_messages,
    list_messages,
    retry_dead_letters,
    retry_messages,
)
from cli.common import Config, transaction
from storage.tables import OutboxMessage
from vocabulary.codes import OutboxState
from vocabulary.presentation import displayable

app = typer.Typer(
    no_args_is_help=True, help="Messages that wait to be sent, and dead letters. 待发和发送失败的邮件。"
)

Ids = Annotated[list[int] | None, typer.Argument(metavar="ID...", help="Numbers that 'outbox list' shows.")]


@app.command("list")
def list_(
    config: Config = None,
    sent: Annotated[bool, typer.Option("--sent", help="Show what was sent, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Messages shown at most.")] = 50,
) -> None:
    """Show what waits, what was given up and why, and how many. 列出待发和失败的邮件。"""
    states = (
        tuple(OutboxState) if sent else tuple(state for state in OutboxState if state != OutboxState.SENT)
    )
    with transaction(config) as session:
        for message in list_messages(session, states, limit):
            typer.echo(_line(message))
        counts = count_messages(session)
        typer.echo(", ".join(f"{state.value}: {count}" for state, count in counts.items()))


@app.command()
def retry(
    ids: Ids = None,
    dead: Annotated[bool, typer.Option("--dead", help="Every dead letter.")] = False,
    config: Config = None,
) -> None:
    """Send messages again, now and with all their tries. 重新发送。"""
    if bool(ids) == dead:
        raise typer.BadParameter("name the messages by their numbers, or all dead letters by --dead")
    now = datetime.now(UTC)
    with transaction(config) as session:
        count = retry_dead_letters(session, now) if dead else retry_messages(session, ids or (), now)
    _report(count, "will be sent again", ids)


@app.command()
def drop(ids: Ids = None, config: Config = None) -> None:
    """Give messages up for good; what was found stays. 放弃发送。"""
    if not ids:
        raise typer.BadParameter("name the messages by their numbers")
    with transaction(config) as session:
        count = drop_messages(session, ids)
    _report(count, "dropped", ids)


def _line(message: OutboxMessage) -> str:
    subject = displayable(str(message.payload.get("subject", "")), limit=60)
    line = f"{message.id}  {message.state.value}  {message.channel} → {message.recipient}  {subject}"
    if message.state == OutboxState.WAITING and message.attempts:
        line += f"\n    try {message.attempts} failed, next at {message.next_attempt_at:%Y-%m-%d %H:%M} UTC"
    if message.last_error:
        line += f"\n    {displayable(message.last_error, limit=200)}"
    return line


def _report(count: int, what: str, ids: list[int] | None) -> None:
    typer.echo(f"{count} {what}")
    if ids and count < len(set(ids)):
        typer.echo("the others are not there, were sent, or are just being sent", err=True)
        raise typer.Exit(1)
