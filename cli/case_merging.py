"""``qualwatch case merge|split``: a case made part of another one (并案), and split off again."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from accounts.errors import AccountError
from cli.case import Actor, CaseId, Note, app
from cli.common import Config, load, refuse, transaction
from cli.people_kept import load_with_people

if TYPE_CHECKING:
    from sqlmodel import Session

__all__ = ["app"]


@app.command("merge")
def merge_(
    case: CaseId,
    into: Annotated[int, typer.Option("--into", metavar="案件", help="并入哪一案件。")],
    *,
    note: Note = "",
    actor: Actor = "",
    config: Config = None,
) -> None:
    """并入另一案件：证据随之转去，由其一并办理；可以再拆分。"""
    from cases.merging import merge

    with _handling(config, (case, into), actor) as (session, who, now):
        merge(session, case, into, actor=who, note=note, now=now)
    typer.echo(f"案件 {case}：已并入案件 {into}")


@app.command("split")
def split_(case: CaseId, note: Note = "", actor: Actor = "", config: Config = None) -> None:
    """从并入的案件中拆出，恢复原来的状态。"""
    from cases.merging import split

    with _handling(config, (case,), actor) as (session, who, now):
        into = split(session, case, actor=who, note=note, now=now)
    typer.echo(f"案件 {case}：已从案件 {into} 拆出")


@contextmanager
def _handling(
    config: Path | None, cases: Sequence[int], actor: str
) -> Iterator[tuple[Session, str, datetime]]:
    """A transaction on these cases, who does something with them, and when; exits with 2 where refused."""
    from cases.steps import StepRefused
    from cli.rights import check_actor

    now = datetime.now(ZoneInfo(load(config).time_zone))
    try:
        with transaction(config) as session:
            for case in cases:
                check_actor(session, load_with_people(config), actor, case, now.date())
            yield session, actor or getpass.getuser(), now
    except (StepRefused, AccountError) as error:
        raise refuse(error) from error
