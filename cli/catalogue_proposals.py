"""``qualwatch catalogue proposals|review|dismiss``: what official pages announced, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from catalogue.annex_items import OfficialList
from cli.catalogue import Config, Format, Picture, show_table
from cli.catalogue_import import Conflicts, Items, Meaning, Output, Since, app
from cli.catalogue_review import REFUSED, UNREADABLE, Wish, describe, review
from vocabulary.reasons import in_chinese

if TYPE_CHECKING:
    from pathlib import Path

    from sqlmodel import Session

    from storage.tables import CatalogueNotice

__all__ = ["app"]

ProposalNumber = Annotated[int, typer.Argument(metavar="编号", help="编号，见 catalogue proposals。")]


@app.command()
def proposals(config: Config = None) -> None:
    """列出公告中待审核的目录变动。

    退出码：2 配置、数据库或已导入的清单无法读取。
    """
    from assessment.catalogue_proposals import open_proposals
    from jobs.catalogue_sync import accept_command
    from vocabulary.areas import region_name
    from vocabulary.presentation import displayable

    with _transaction(config) as session:
        found = [(*each, accept_command(each[0])) for each in open_proposals(session)]
        if not found:
            typer.echo("没有待审核的目录变动。")
            return
        show_table(
            ("编号", "文号", "地区", "标题", "读到项数", "注意"),
            [
                (
                    str(notice.version_id),
                    displayable(notice.number, limit=60) or "未读到",
                    region_name(notice.region) or "全国",
                    displayable(document.title, limit=100),
                    str(notice.items),
                    displayable("；".join(notice.problems), limit=300),
                )
                for notice, document, _ in found
            ],
        )
    for *_, command in found:
        typer.echo(command)
    typer.echo("逐条核对；加 --accept 导入，或用 qualwatch catalogue dismiss 编号 --reason 理由 排除。")


@app.command("review")
def review_proposal(
    number: ProposalNumber,
    *,
    document: Annotated[str, typer.Option(help="文号，页面上没有时填写。")] = "",
    items: Items = None,
    since: Since = None,
    effect: Meaning = None,
    accept: Annotated[bool, typer.Option("--accept", help="核对无误后导入；不写则只显示。")] = False,
    accept_conflicts: Conflicts = False,
    output: Output = Format.TEXT,
    picture: Picture = None,
    config: Config = None,
) -> None:
    """审核一项目录变动：显示当时读到的内容，用 --accept 导入。

    退出码：1 不能导入，2 没有该变动或说明不全。
    """
    from assessment.catalogue_proposals import official_document

    with _transaction(config) as session:
        notice, read = _stored(session, number)
        wanted, region = document or notice.number, notice.region
    if not wanted:
        raise typer.BadParameter("页面上没有文号，请填写", param_hint="--document")
    known = official_document(wanted, region)
    official = describe(wanted, known.region if known else region, items, since, effect)
    review(read, official, config, Wish(accept, accept_conflicts, output, picture))


@app.command()
def dismiss(
    number: ProposalNumber,
    reason: Annotated[str, typer.Option("--reason", help="排除的理由。")],
    actor: Annotated[str, typer.Option("--actor", help="经办人；不写则为当前登录用户。")] = "",
    config: Config = None,
) -> None:
    """排除一项目录变动，须写明理由；以后不再提出。

    退出码：1 没有该待审核变动，2 配置或数据库无法读取。
    """
    from assessment.catalogue_proposals import dismiss_proposal
    from cli.catalogue_changing import who_acts

    if not reason.strip():
        raise typer.BadParameter("请写明理由", param_hint="--reason")
    with _transaction(config) as session:
        who = who_acts(actor)
        if not dismiss_proposal(session, number, actor=who, reason=reason.strip(), now=datetime.now(UTC)):
            typer.echo(f"没有编号为 {number} 的待审核变动。", err=True)
            raise typer.Exit(REFUSED)
    typer.echo(f"已排除 {number}：{reason.strip()}")


def _stored(session: Session, number: int) -> tuple[CatalogueNotice, OfficialList]:
    """The proposal with the list as it was read then; exits with 2 where there is none."""
    from assessment.catalogue_proposals import stored_proposal

    found = stored_proposal(session, number)
    if found is None:
        typer.echo(f"没有编号为 {number} 的目录变动：qualwatch catalogue proposals 列出全部。", err=True)
        raise typer.Exit(UNREADABLE)
    session.expunge_all()
    return found


@contextmanager
def _transaction(config: Path | None) -> Iterator[Session]:
    """A transaction on the configured database; exits with 2 and one message where something is wrong."""
    from cli.common import transaction

    try:
        with transaction(config) as session:
            yield session
    except ValueError as error:
        typer.echo(f"qualwatch: {in_chinese(str(error))}", err=True)
        raise typer.Exit(UNREADABLE) from error
