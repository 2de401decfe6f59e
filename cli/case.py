"""``qualwatch case``: the cases, one case with its history, and its next step."""

from __future__ import annotations

import getpass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from alerts.delivery.links import Purpose, case_links
from alerts.recipients import addressee
from alerts.working_time import last_day
from cases.queries import OPEN, File, list_cases, read_case
from cases.steps import StepRefused, possible_steps, take_step
from cli.chinese import Commands
from cli.common import Config, refuse, region_in_force, transaction
from settings.load import load_settings
from storage.tables import Case
from vocabulary.areas import region_name
from vocabulary.codes import CaseState, Severity, Step, Violation
from vocabulary.names import event_name, name_of
from vocabulary.presentation import displayable, mask_personal_numbers

app = Commands(help="案件的查看与处理：列出、确认、排除、责令整改、曝光、结案。")

CaseId = Annotated[int, typer.Argument(metavar="案件", help="案件编号，见 case list。")]
Actor = Annotated[str, typer.Option("--actor", help="经办人；不写则为当前登录用户。")]
Note = Annotated[str, typer.Option("--note", help="备注，随该步骤保存。")]


@app.command("list")
def list_(
    *,
    state: Annotated[
        list[CaseState] | None, typer.Option("--state", help="只列此状态的案件，可重复。")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="包括已办结的案件。")] = False,
    region: Annotated[
        str, typer.Option(callback=region_in_force, help="行政区划代码（GB/T 2260），含下辖地区。")
    ] = "",
    after: Annotated[int, typer.Option(min=0, help="只列编号大于此数的案件。")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="最多显示的案件数。")] = 50,
    config: Config = None,
) -> None:
    """列出案件；不另指定时只列未结案件。"""
    states = tuple(state or (() if everything else OPEN))
    with transaction(config) as session:
        cases = list_cases(session, states=states, region=region, after=after, limit=limit)
        for case in cases:
            typer.echo(_line(case))
        if len(cases) == limit:
            typer.echo(f"……还有更多，继续查看：--after {cases[-1].id}", err=True)


@app.command()
def show(case: CaseId, config: Config = None) -> None:
    """查看一个案件：原文摘录、办理经过和可办理的步骤。"""
    with transaction(config) as session:
        file = read_case(session, case)
        if file is None:
            raise refuse(f"没有编号为 {case} 的案件")
        typer.echo("\n".join(_file_lines(file, ZoneInfo(load_settings(config).time_zone))))


@app.command()
def confirm(case: CaseId, note: Note = "", actor: Actor = "", config: Config = None) -> None:
    """确认属实。"""
    _take(config, case, Step.CONFIRM, actor=actor, note=note)


@app.command()
def dismiss(
    case: CaseId,
    reason: Annotated[str, typer.Option("--reason", help="排除的理由。")],
    actor: Actor = "",
    config: Config = None,
) -> None:
    """排除（不构成违规），须写明理由。"""
    _take(config, case, Step.DISMISS, actor=actor, note=reason)


@app.command()
def ask(
    case: CaseId,
    deadline: Annotated[
        str, typer.Option("--deadline", metavar="DATE", help="整改期限的最后一日，如 2026-12-15。")
    ],
    note: Note = "",
    actor: Actor = "",
    config: Config = None,
) -> None:
    """责令整改，须写明期限。"""
    day = _day(deadline)
    _take(config, case, Step.ASK, actor=actor, note=note, deadline=day)
    if (last := last_day(load_settings(config).calendar, day)) != day:
        typer.echo(f"{day} 是休息日，期限顺延至 {last}")


@app.command()
def rectified(case: CaseId, note: Note = "", actor: Actor = "", config: Config = None) -> None:
    """登记已完成整改。"""
    _take(config, case, Step.RECTIFIED, actor=actor, note=note)


@app.command()
def publish(case: CaseId, note: Note = "", actor: Actor = "", config: Config = None) -> None:
    """登记已曝光。"""
    _take(config, case, Step.PUBLISH, actor=actor, note=note)


@app.command()
def close(case: CaseId, note: Note = "", actor: Actor = "", config: Config = None) -> None:
    """结案。"""
    _take(config, case, Step.CLOSE, actor=actor, note=note)


@app.command()
def reopen(
    case: CaseId,
    reason: Annotated[str, typer.Option("--reason", help="重新立案的理由。")],
    actor: Actor = "",
    config: Config = None,
) -> None:
    """重新立案，须写明理由。"""
    _take(config, case, Step.REOPEN, actor=actor, note=reason)


@app.command()
def link(
    case: CaseId,
    to: Annotated[str, typer.Option("--to", metavar="EMAIL", help="链接归谁使用；不写则为管理员。")] = "",
    config: Config = None,
) -> None:
    """打印案件页面的链接，只供一人使用。"""
    with transaction(config) as session:
        settings = load_settings(config)
        recipient = addressee(settings, to or settings.administrator)
        if session.get(Case, case) is None:
            raise refuse(f"没有编号为 {case} 的案件")
        if recipient is None:
            raise refuse(f"{to} 不是监管人员、其上级或管理员，链接将无法打开")
        links = case_links(settings, case, recipient.email, datetime.now(UTC))
        if not links:
            raise refuse("尚不知道案件页面的地址：请先运行一次 qualwatch run，或设置 console.base_url")
        typer.echo(links[Purpose.OPEN])


def _take(
    config: Path | None, case: int, step: Step, *, actor: str, note: str, deadline: date | None = None
) -> None:
    try:
        with transaction(config) as session:
            # A deadline's day is the office's.
            zone = ZoneInfo(load_settings(config).time_zone)
            state = take_step(
                session,
                case,
                step,
                actor=actor or getpass.getuser(),
                note=note,
                now=datetime.now(zone),
                deadline=deadline,
            )
    except StepRefused as error:
        raise refuse(error) from error
    typer.echo(f"案件 {case}：{name_of(state)}")


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise typer.BadParameter(f"“{typed}”不是日期，请写成 2026-12-01") from error


def _line(case: Case) -> str:
    parts = (
        f"{case.id}  {name_of(case.state)}",
        f"【{name_of(Severity(case.severity))}】{displayable(case.qualification, limit=40)}",
        displayable(region_name(case.region)),
        displayable(case.publisher, limit=40),
        f"整改期限 {case.deadline}" if case.deadline else "",
    )
    return "  ".join(part for part in parts if part)


def _file_lines(file: File, zone: ZoneInfo) -> list[str]:
    case = file.case
    lines = [_line(case), name_of(Violation(case.violation))]
    lines += [displayable(case.title, limit=120), displayable(case.url, limit=2048), ""]
    for finding in file.findings:
        lines.append(f"  证据编号 {finding.id}：{displayable(mask_personal_numbers(finding.context))}")
        lines.append(f"    {displayable(finding.explanation, limit=600)}")
    lines.append("")
    for event in file.events:
        note = displayable(event.note, limit=200)
        what = event_name(event.kind)
        at = event.at.astimezone(zone)
        lines.append(f"  {at:%Y-%m-%d %H:%M}  {what}  {displayable(event.actor, limit=60)}  {note}")
    steps = "、".join(f"{name_of(step)}（{step}）" for step in possible_steps(case.state))
    lines += ["", f"现在可以：{steps or '无'}"]
    return lines
