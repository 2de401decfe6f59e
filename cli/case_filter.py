"""The options of commands that mean many cases: ``list`` and ``export`` of ``qualwatch case``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.common import region_in_force
from vocabulary.codes import CaseOrder, CaseState, Due, Severity, Waiting

if TYPE_CHECKING:
    from cases.case_filter import CaseFilter


def _chosen(
    *,
    state: Annotated[
        list[CaseState] | None, typer.Option("--state", help="只列此状态的案件，可重复。")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="包括已办结的案件。")] = False,
    severity: Annotated[
        list[Severity] | None, typer.Option("--severity", help="只列此风险等级的案件，可重复。")
    ] = None,
    region: Annotated[
        str, typer.Option(callback=region_in_force, help="行政区划代码（GB/T 2260），含下辖地区。")
    ] = "",
    department: Annotated[str, typer.Option(help="跟进部门，例如 财政。")] = "",
    qualification: Annotated[str, typer.Option(help="职业资格名称，可只写一部分。")] = "",
    publisher: Annotated[str, typer.Option(help="发布单位，可只写一部分。")] = "",
    source: Annotated[str, typer.Option(help="来源名称，见 source list。")] = "",
    since: Annotated[str, typer.Option(metavar="DATE", help="此日及以后发现的案件。")] = "",
    until: Annotated[str, typer.Option(metavar="DATE", help="此日及以前发现的案件。")] = "",
    age: Annotated[int, typer.Option(min=0, max=36500, help="发现已满多少天的案件。")] = 0,
    due: Annotated[Due | None, typer.Option(help="按整改期限。")] = None,
    assignee: Annotated[str, typer.Option(metavar="EMAIL", help="经办人的邮箱；- 为尚无经办人的案件。")] = "",
    review: Annotated[
        bool | None, typer.Option("--review/--no-review", help="只列（或不列）待核实的案件。")
    ] = None,
    waiting: Annotated[Waiting | None, typer.Option(help="在等签收、延期的答复，或反弹后的核查。")] = None,
    text: Annotated[str, typer.Option(help="发布单位、标题、职业资格、原文或文号中的文字。")] = "",
    order: Annotated[CaseOrder, typer.Option(help="排序。")] = CaseOrder.OLDEST,
) -> CaseFilter:
    from cases.case_filter import OPEN, CaseFilter

    return CaseFilter(
        states=tuple(state or (() if everything else OPEN)),
        severities=tuple(severity or ()),
        region=region,
        department=department.strip(),
        qualification=qualification.strip(),
        publisher=publisher.strip(),
        source=source.strip(),
        opened_from=day(since) if since else None,
        opened_until=day(until) if until else None,
        age=age,
        due=due,
        assignee=assignee.strip(),
        review=review,
        waiting=waiting,
        text=text.strip(),
        order=order,
    )


def takes_filter(command: Callable[..., None]) -> Callable[..., None]:
    """Give ``command``, which takes ``wanted``, the options that say it."""
    not_loaded = {"CaseFilter": object}  # it brings the database along, and is no option by itself
    shared = inspect.signature(_chosen, eval_str=True, locals=not_loaded).parameters
    own = inspect.signature(command, eval_str=True, locals=not_loaded)

    @wraps(command)
    def run(**values: Any) -> None:
        wanted = _chosen(**{name: values.pop(name) for name in shared})
        command(wanted=wanted, **values)

    others = [parameter for name, parameter in own.parameters.items() if name != "wanted"]
    merged = [*shared.values(), *others]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in merged}
    run.__signature__ = own.replace(parameters=merged)  # type: ignore[attr-defined]
    return run


def day(typed: str) -> date:
    """The day that somebody typed; exits with 2 where it is none."""
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise typer.BadParameter(f"“{typed}”不是日期，请写成 2026-12-01") from error
