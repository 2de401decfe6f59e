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
from cli.common import Config, refuse, region_in_force, transaction
from settings.load import load_settings
from storage.tables import Case
from vocabulary.areas import region_name
from vocabulary.codes import CaseState, Severity, Step, Violation
from vocabulary.names import event_name, name_of
from vocabulary.presentation import displayable, mask_personal_numbers

app = typer.Typer(no_args_is_help=True, help="Cases: list, decide, ask, publish, close. 案件的查看与处理。")

CaseId = Annotated[int, typer.Argument(metavar="CASE", help="Number that 'case list' shows.")]
Actor = Annotated[
    str, typer.Option("--actor", help="Who takes the step; left out: the user who is logged in. 经办人")
]
Note = Annotated[str, typer.Option("--note", help="Kept with the step. 备注")]


@app.command("list")
def list_(
    *,
    state: Annotated[
        list[CaseState] | None, typer.Option("--state", help="Only cases in this state; may be repeated.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is done with.")] = False,
    region: Annotated[
        str, typer.Option(callback=region_in_force, help="GB/T 2260 code; covers what lies in it.")
    ] = "",
    after: Annotated[int, typer.Option(min=0, help="Only numbers above this one.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="Cases shown at most.")] = 50,
    config: Config = None,
) -> None:
    """Show cases, open ones unless told otherwise. 列出案件。"""
    states = tuple(state or (() if everything else OPEN))
    with transaction(config) as session:
        cases = list_cases(session, states=states, region=region, after=after, limit=limit)
        for case in cases:
            typer.echo(_line(case))
        if len(cases) == limit:
            typer.echo(f"… more: --after {cases[-1].id}", err=True)


@app.command()
def show(case: CaseId, config: Config = None) -> None:
    """Show a case with its quotes, its history and what may be done. 查看案件。"""
    with transaction(config) as session:
        file = read_case(session, case)
        if file is None:
            raise refuse(f"there is no case {case}")
        typer.echo("\n".join(_file_lines(file, ZoneInfo(load_settings(config).time_zone))))


@app.command()
def confirm(case: CaseId, note: Note = "", actor: Actor = "", config: Config = None) -> None:
    """Say that the finding is right. 确认属实。"""
    _take(config, case, Step.CONFIRM, actor=actor, note=note)


@app.command()
def dismiss(
    case: CaseId,
    reason: Annotated[str, typer.Option("--reason", help="Why it is no violation. 理由")],
    actor: Actor = "",
    config: Config = None,
) -> None:
    """Say that it is no violation, and why. 排除，须写明理由。"""
    _take(config, case, Step.DISMISS, actor=actor, note=reason)


@app.command()
def ask(
    case: CaseId,
    deadline: Annotated[str, typer.Option("--deadline", metavar="DATE", help="Its last day. 整改期限")],
    note: Note = "",
    actor: Actor = "",
    config: Config = None,
) -> None:
    """Note that a rectification was asked for. 责令整改，须写明期限。"""
    day = _day(deadline)
    _take(config, case, Step.ASK, actor=actor, note=note, deadline=day)
    if (last := last_day(load_settings(config).calendar, day)) != day:
        typer.echo(f"{day} is a day of rest: the period ends on {last} 休息日，顺延")


@app.command()
def rectified(case: CaseId, note: Note = "", actor: Actor = "", config: Config = None) -> None:
    """Note that it was put right. 已整改。"""
    _take(config, case, Step.RECTIFIED, actor=actor, note=note)


@app.command()
def publish(case: CaseId, note: Note = "", actor: Actor = "", config: Config = None) -> None:
    """Note that it was made public. 曝光。"""
    _take(config, case, Step.PUBLISH, actor=actor, note=note)


@app.command()
def close(case: CaseId, note: Note = "", actor: Actor = "", config: Config = None) -> None:
    """Note that nothing is left to do. 结案。"""
    _take(config, case, Step.CLOSE, actor=actor, note=note)


@app.command()
def reopen(
    case: CaseId,
    reason: Annotated[str, typer.Option("--reason", help="Why it is taken up again. 理由")],
    actor: Actor = "",
    config: Config = None,
) -> None:
    """Take a case up again. 重新立案，须写明理由。"""
    _take(config, case, Step.REOPEN, actor=actor, note=reason)


@app.command()
def link(
    case: CaseId,
    to: Annotated[
        str, typer.Option("--to", metavar="EMAIL", help="Whose it is; left out: the administrator's. 收件人")
    ] = "",
    config: Config = None,
) -> None:
    """Print the address of a case's page, signed for one person. 打印案件页面的链接。"""
    with transaction(config) as session:
        settings = load_settings(config)
        recipient = addressee(settings, to or settings.administrator)
        if session.get(Case, case) is None:
            raise refuse(f"there is no case {case}")
        if recipient is None:
            raise refuse(f"{to} is no supervisor, superior or administrator: the link would open nothing")
        links = case_links(settings, case, recipient.email, datetime.now(UTC))
        if not links:
            raise refuse("no console is known: start 'qualwatch run' once, or set console.base_url")
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
    typer.echo(f"case {case}: {state.value} {name_of(state)}")


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise typer.BadParameter(f"{typed!r} is no date; write it as 2026-12-01") from error


def _line(case: Case) -> str:
    parts = (
        f"{case.id}  {case.state.value} {name_of(case.state)}",
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
