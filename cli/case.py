"""``qualwatch case``: the cases, one case with its history, and its next step."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import typer

from accounts.errors import AccountError
from cli.case_filter import day, takes_filter
from cli.chinese import Commands
from cli.common import Config, load, refuse, transaction
from cli.people_kept import load_with_people
from vocabulary.codes import Dismissal, Severity, Step, Violation
from vocabulary.dates import chinese_day, chinese_moment
from vocabulary.names import event_name, name_of
from vocabulary.people import AuditKind
from vocabulary.presentation import displayable, mask_personal_numbers

if TYPE_CHECKING:
    from cases.case_filter import CaseFilter
    from cases.queries import File
    from storage.tables import Case

app = Commands(help="案件的查看与处理：列出、确认、排除、责令整改、曝光、结案。")

CaseId = Annotated[int, typer.Argument(metavar="案件", help="案件编号，见 case list。")]
CaseIds = Annotated[list[int], typer.Argument(metavar="案件...", help="一个或多个案件编号，见 case list。")]
Actor = Annotated[str, typer.Option("--actor", help="经办人；不写则为当前登录用户。")]
As = Annotated[str, typer.Option("--as", metavar="EMAIL", help="只限此账号可以查阅的案件。")]
Note = Annotated[str, typer.Option("--note", help="备注，随该步骤保存。")]


@app.command("list")
@takes_filter
def list_(
    *,
    wanted: CaseFilter,
    after: Annotated[str, typer.Option(help="从上一页末尾之后继续，值见上一页的提示。")] = "",
    limit: Annotated[int, typer.Option(min=1, help="最多显示的案件数。")] = 50,
    as_: As = "",
    config: Config = None,
) -> None:
    """列出案件；不另指定时只列未结案件。"""
    from cases.queries import list_cases
    from cli.rights import scope_as

    now = _now(config)
    with transaction(config) as session, _refusing():
        scope = scope_as(session, load_with_people(config), as_, now.date())
        page = list_cases(session, wanted, now=now, scope=scope, after=after, limit=limit)
        for case in page.cases:
            typer.echo(_line(case))
        if page.following:
            typer.echo(f"……还有更多，继续查看：--after {page.following}", err=True)


@app.command()
@takes_filter
def export(
    *,
    wanted: CaseFilter,
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="输出文件，.xlsx 或 .csv。")],
    limit: Annotated[int, typer.Option(min=1, help="最多导出的案件数。")] = 20_000,
    force: Annotated[bool, typer.Option("--force", help="覆盖已有文件。")] = False,
    as_: As = "",
    config: Config = None,
) -> None:
    """导出案件台账（XLSX 或 CSV）；不另指定时只含未结案件。"""
    from alerts.reports.register import register_rows, write_csv, write_register
    from cases.case_filter import filter_pairs
    from cases.queries import every_case
    from cli.rights import scope_as
    from storage.audit import record

    if output.suffix.lower() not in {".xlsx", ".csv"}:
        raise typer.BadParameter(f"{output.name}：文件名须以 .xlsx 或 .csv 结尾")
    if output.exists() and not force:
        raise refuse(f"{output} 已存在：请移走，或加 --force 覆盖")
    settings, now = load_with_people(config), _now(config)
    with transaction(config) as session, _refusing():
        scope = scope_as(session, settings, as_, now.date())
        cases = every_case(session, wanted, now=now, scope=scope, limit=limit)
        rows = list(register_rows(session, cases, settings))
        query = urlencode(filter_pairs(wanted))
        record(session, AuditKind.EXPORTED, actor=as_ or getpass.getuser(), at=now, detail=query)
    title = f"职业资格违规案件台账（{chinese_day(now.date())}）"
    written = write_csv(rows) if output.suffix.lower() == ".csv" else write_register(rows, title)
    try:
        output.write_bytes(written)
    except OSError as error:
        raise refuse(f"{output} 无法写入：{error.strerror}") from error
    typer.echo(f"已导出 {len(rows)} 项：{output}")
    if len(rows) == limit:
        typer.echo(f"已到上限 {limit} 项，可能还有更多：请缩小范围，或用 --limit 提高上限", err=True)


@app.command()
def show(case: CaseId, as_: As = "", config: Config = None) -> None:
    """查看一个案件：原文摘录、办理经过和可办理的步骤。"""
    from cases.queries import may_see, read_case
    from cli.rights import scope_as

    with transaction(config) as session, _refusing():
        scope = scope_as(session, load_with_people(config), as_, _now(config).date())
        file = read_case(session, case) if may_see(session, case, scope) else None
        if file is None:
            raise refuse(f"没有编号为 {case} 的案件")
        typer.echo("\n".join(_file_lines(file, ZoneInfo(load(config).time_zone))))


@app.command()
def confirm(cases: CaseIds, note: Note = "", actor: Actor = "", config: Config = None) -> None:
    """确认属实。"""
    _take(config, cases, Step.CONFIRM, actor=actor, note=note)


@app.command()
def dismiss(
    cases: CaseIds,
    *,
    reason: Annotated[str, typer.Option("--reason", help="排除的理由。")] = "",
    kind: Annotated[Dismissal | None, typer.Option("--kind", help="理由的类别。")] = None,
    except_until: Annotated[
        str, typer.Option("--except-until", metavar="DATE", help="同一单位、同一证书至此日不再提醒（例外）。")
    ] = "",
    actor: Actor = "",
    config: Config = None,
) -> None:
    """排除（不构成违规），须写明理由或其类别。"""
    until = day(except_until) if except_until else None
    _take(config, cases, Step.DISMISS, actor=actor, note=reason, dismissal=kind, except_until=until)


@app.command()
def ask(
    cases: CaseIds,
    deadline: Annotated[
        str, typer.Option("--deadline", metavar="DATE", help="整改期限的最后一日，如 2026-12-15。")
    ],
    note: Note = "",
    actor: Actor = "",
    config: Config = None,
) -> None:
    """责令整改，须写明期限。"""
    from alerts.working_time import last_day

    last = day(deadline)
    _take(config, cases, Step.ASK, actor=actor, note=note, deadline=last)
    if (worked := last_day(load(config).calendar, last)) != last:
        typer.echo(f"{chinese_day(last)}是休息日，期限顺延至{chinese_day(worked)}")


@app.command()
def rectified(cases: CaseIds, note: Note = "", actor: Actor = "", config: Config = None) -> None:
    """登记已完成整改。"""
    _take(config, cases, Step.RECTIFIED, actor=actor, note=note)


@app.command()
def publish(cases: CaseIds, note: Note = "", actor: Actor = "", config: Config = None) -> None:
    """登记已曝光。"""
    _take(config, cases, Step.PUBLISH, actor=actor, note=note)


@app.command()
def close(cases: CaseIds, note: Note = "", actor: Actor = "", config: Config = None) -> None:
    """结案。"""
    _take(config, cases, Step.CLOSE, actor=actor, note=note)


@app.command()
def reopen(
    cases: CaseIds,
    reason: Annotated[str, typer.Option("--reason", help="重新立案的理由。")],
    actor: Actor = "",
    config: Config = None,
) -> None:
    """重新立案，须写明理由。"""
    _take(config, cases, Step.REOPEN, actor=actor, note=reason)


@app.command()
def hold(
    case: CaseId,
    reason: Annotated[str, typer.Option("--reason", help="保全的理由。")],
    actor: Actor = "",
    config: Config = None,
) -> None:
    """证据保全：解除之前，该案的任何内容都不清理。"""
    from cases.holds import hold as hold_case

    _set_hold(hold_case, config, case, actor=actor, reason=reason)
    typer.echo(f"案件 {case}：已保全")


@app.command()
def release(
    case: CaseId,
    reason: Annotated[str, typer.Option("--reason", help="解除的理由。")],
    actor: Actor = "",
    config: Config = None,
) -> None:
    """解除证据保全。"""
    from cases.holds import release as release_case

    _set_hold(release_case, config, case, actor=actor, reason=reason)
    typer.echo(f"案件 {case}：已解除保全")


@app.command()
def link(
    case: CaseId,
    to: Annotated[str, typer.Option("--to", metavar="EMAIL", help="链接归谁使用；不写则为管理员。")] = "",
    config: Config = None,
) -> None:
    """打印案件页面的链接，只供一人使用。"""
    from alerts.delivery.links import Purpose, case_links
    from alerts.recipients import addressee
    from storage.tables import Case

    with transaction(config) as session:
        settings = load_with_people(config)
        recipient = addressee(settings, to or settings.administrator)
        if session.get(Case, case) is None:
            raise refuse(f"没有编号为 {case} 的案件")
        if recipient is None:
            raise refuse(f"{to} 不是监管人员、其上级或管理员，链接将无法打开")
        links = case_links(settings, case, recipient.email, datetime.now(UTC))
        if not links:
            raise refuse("尚不知道案件页面的地址：请先运行一次 qualwatch run，或设置 console.base_url")
        typer.echo(links[Purpose.OPEN])


@app.command()
def desk(
    to: Annotated[str, typer.Option("--to", metavar="EMAIL", help="归谁使用；不写则为管理员。")] = "",
    config: Config = None,
) -> None:
    """打印进入工作台的链接，只供一人使用，半小时内有效。"""
    from alerts.delivery.links import desk_link
    from alerts.recipients import addressee

    settings = load_with_people(config)
    recipient = addressee(settings, to or settings.administrator)
    if recipient is None:
        raise refuse(f"{to} 不是监管人员、其上级或管理员，不能进入工作台")
    address = desk_link(settings, recipient.email, datetime.now(UTC))
    if not address:
        raise refuse("尚不知道工作台的地址：请先运行一次 qualwatch run，或设置 console.base_url")
    typer.echo(address)


def _take(
    config: Path | None,
    cases: Sequence[int],
    step: Step,
    *,
    actor: str,
    note: str,
    deadline: date | None = None,
    dismissal: Dismissal | None = None,
    except_until: date | None = None,
) -> None:
    """Take ``step`` of each case on its own: one that is refused keeps none of the others from it."""
    from cases.exceptions import set_exception
    from cases.steps import StepRefused, dismissal_words, take_step
    from cli.rights import check_actor

    now, settings, refused = _now(config), load_with_people(config), []  # a deadline's day is the office's
    for case in dict.fromkeys(cases):
        try:
            with transaction(config) as session:
                check_actor(session, settings, actor, case, now.date())
                state = take_step(
                    session,
                    case,
                    step,
                    actor=actor or getpass.getuser(),
                    note=note,
                    now=now,
                    deadline=deadline,
                    dismissal=dismissal,
                )
                if except_until is not None:
                    said = dismissal_words(dismissal, note)
                    who = actor or getpass.getuser()
                    set_exception(session, case, except_until, actor=who, reason=said, now=now)
        except (StepRefused, AccountError) as error:
            refused.append(error)
        else:
            typer.echo(f"案件 {case}：{name_of(state)}")
    if refused:
        raise refuse("\n".join(map(str, refused)))


def _now(config: Path | None) -> datetime:
    """The time in the office's zone."""
    return datetime.now(ZoneInfo(load(config).time_zone))


def _set_hold(
    change: Callable[..., None], config: Path | None, case: int, *, actor: str, reason: str
) -> None:
    from cases.steps import StepRefused
    from cli.rights import check_actor

    try:
        with transaction(config) as session:
            check_actor(session, load_with_people(config), actor, case, _now(config).date())
            change(session, case, actor=actor or getpass.getuser(), reason=reason, now=datetime.now(UTC))
    except (StepRefused, AccountError) as error:
        raise refuse(error) from error


@contextmanager
def _refusing() -> Iterator[None]:
    """Exit with 2 and one message where somebody has no account, or not any more."""
    try:
        yield
    except AccountError as error:
        raise refuse(error) from error


def _line(case: Case) -> str:
    from vocabulary.areas import region_name

    parts = (
        f"{case.id}  {name_of(case.state)}",
        f"【{name_of(Severity(case.severity))}】{displayable(case.qualification, limit=40)}",
        displayable(region_name(case.region)),
        displayable(case.publisher, limit=40),
        f"整改期限 {chinese_day(case.deadline)}" if case.deadline else "",
        "保全中" if case.held_at else "",
    )
    return "  ".join(part for part in parts if part)


def _file_lines(file: File, zone: ZoneInfo) -> list[str]:
    from cases.steps import possible_steps

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
        at = chinese_moment(event.at.astimezone(zone))
        lines.append(f"  {at}  {what}  {displayable(event.actor, limit=60)}  {note}")
    steps = "、".join(f"{name_of(step)}（{step}）" for step in possible_steps(case.state))
    lines += ["", f"现在可以：{steps or '无'}"]
    return lines
