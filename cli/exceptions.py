"""``qualwatch exception``: publishers and certificates that raise no alarm until a day."""

from __future__ import annotations

import getpass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from cli.case import Actor, As
from cli.chinese import Commands
from cli.common import Config, refuse, transaction
from vocabulary.dates import chinese_day
from vocabulary.presentation import displayable

if TYPE_CHECKING:
    from storage.tables import StandingException

app = Commands(help="例外：某单位的某种证书，在一定日期之前不再提醒。排除案件时用 --except-until 设立。")


@app.command("list")
def list_(
    *,
    all_: Annotated[bool, typer.Option("--all", help="也列出已结束的。")] = False,
    limit: Annotated[int, typer.Option(min=1, help="最多显示的例外数。")] = 200,
    as_: As = "",
    config: Config = None,
) -> None:
    """列出有效的例外，新的在前。"""
    from accounts.errors import AccountError
    from cases.exceptions import list_exceptions
    from cli.rights import scope_as
    from settings.load import load_settings

    settings = load_settings(config)
    now = datetime.now(ZoneInfo(settings.time_zone))
    try:
        with transaction(config) as session:
            scope = scope_as(session, settings, as_, now.date())
            found = list_exceptions(session, now=now, scope=scope, ended=all_, limit=limit)
            for each in found:
                typer.echo(_line(each, now))
    except AccountError as error:
        raise refuse(error) from error
    if not found:
        typer.echo("没有有效的例外。" if not all_ else "没有例外。")


@app.command()
def end(
    exception: Annotated[int, typer.Argument(metavar="例外", help="例外编号，见 exception list。")],
    actor: Actor = "",
    config: Config = None,
) -> None:
    """结束例外：以后再有同样情形，照常提醒。"""
    from accounts.errors import AccountError
    from cases.exceptions import end_exception
    from cases.steps import StepRefused
    from cli.rights import check_actor
    from settings.load import load_settings
    from storage.tables import StandingException

    settings = load_settings(config)
    now = datetime.now(ZoneInfo(settings.time_zone))
    try:
        with transaction(config) as session:
            standing = session.get(StandingException, exception)
            if standing is not None:
                check_actor(session, settings, actor, standing.case_id, now.date())
            end_exception(session, exception, actor=actor or getpass.getuser(), now=now)
    except (StepRefused, AccountError) as error:
        raise refuse(error) from error
    typer.echo(f"例外 {exception}：已结束")


def _line(each: StandingException, now: datetime) -> str:
    from vocabulary.areas import region_name

    parts = (
        f"{each.id}  至{chinese_day(each.until)}" + ("" if each.ends_at > now else "（已结束）"),
        displayable(each.publisher, limit=40),
        displayable(region_name(each.region)),
        displayable(each.qualification, limit=40),
        f"已遇到 {each.met} 次",
        displayable(each.actor, limit=60),
        displayable(each.reason, limit=120),
    )
    return "  ".join(part for part in parts if part)
