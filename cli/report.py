"""``qualwatch report`` and ``qualwatch letter``: documents for offices."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from cli.common import Config, refuse, region_in_force, transaction
from settings import SettingsError, load_settings
from settings.model import Settings
from vocabulary.areas import region_name

Force = Annotated[bool, typer.Option("--force", help="Write over documents that are there. 覆盖已有文件")]

Region = Annotated[
    str,
    typer.Option(
        "--region",
        metavar="CODE",
        callback=region_in_force,
        help="GB/T 2260 code; empty: everywhere. 地区代码",
    ),
]
Folder = Annotated[Path, typer.Option("--output", metavar="DIR", help="Where to write. 输出目录")]
Anew = Annotated[
    bool, typer.Option("--anew", help="Compile the figures again, instead of those first compiled. 重新统计")
]


def report(
    *,
    month: Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="Empty: last month. 月份")] = "",
    region: Region = "",
    output: Folder = Path(),
    anew: Anew = False,
    force: Force = False,
    config: Config = None,
) -> None:
    """Write the monthly bulletin as DOCX and XLSX. 生成监测月报。

    The figures of a month that has ended are kept when they are first compiled.
    """
    from alerts.reports.bulletin import write_bulletin  # noqa: PLC0415 - Word and Excel take time to load
    from alerts.reports.figures import Month  # noqa: PLC0415
    from alerts.reports.issued import KeptBulletinError, issue_bulletin  # noqa: PLC0415
    from alerts.reports.workbook import write_workbook  # noqa: PLC0415

    settings = _settings(config)
    today = datetime.now(UTC).astimezone(ZoneInfo(settings.time_zone)).date()
    try:
        wanted = Month.parse(month) if month else Month(today.year, today.month) + -1
    except ValueError as error:
        raise typer.BadParameter(f"{month!r} is no month; write it as 2026-10") from error
    if wanted > Month(today.year, today.month):
        raise typer.BadParameter(f"{wanted} has not begun yet")
    try:
        with transaction(config) as session:
            bulletin = issue_bulletin(session, settings, wanted, region, today, anew=anew)
    except (KeptBulletinError, OSError) as error:
        raise refuse(error) from error
    name = f"职业资格违规监测月报_{region_name(region) or '全国'}_{wanted}"
    _write(
        {
            output / f"{name}.docx": write_bulletin(bulletin),
            output / f"{name}.xlsx": write_workbook(bulletin),
        },
        force=force,
    )


def letter(
    case: Annotated[int, typer.Argument(metavar="CASE", help="Number that 'case list' shows. 案件编号")],
    template: Annotated[
        Path | None, typer.Option("--template", metavar="FILE", help="The office's own DOCX. 本单位模板")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="What to write. 输出文件")
    ] = None,
    force: Force = False,
    config: Config = None,
) -> None:
    """Write the draft of a rectification notice as DOCX. 生成责令整改通知书草稿。"""
    from alerts.reports.notice import BadTemplateError, note_letter, notice_values, write_notice  # noqa: PLC0415
    from cases.steps import StepRefused  # noqa: PLC0415

    zone = ZoneInfo(_settings(config).time_zone)
    try:
        with transaction(config) as session:
            values = notice_values(session, case, zone)
            written = write_notice(values, template)
            now, confirmed = datetime.now(zone), bool(values["confirmed"])
            note_letter(session, case, actor=getpass.getuser(), confirmed=confirmed, now=now)
    except StepRefused as error:
        raise refuse(error) from error
    except (BadTemplateError, OSError) as error:
        raise refuse(f"{template or 'the shipped template'}: {error}") from error
    _write({output or Path(f"责令整改通知书_案件{case}.docx"): written}, force=force)
    if not confirmed:
        words = f"注意：案件{case}尚未确认属实，通知书只能作草稿；核实后先运行 qualwatch case confirm {case}"
        typer.echo(words, err=True)


def _settings(config: Path | None) -> Settings:
    try:
        return load_settings(config)
    except SettingsError as error:
        raise refuse(error) from error


def _write(documents: Mapping[Path, bytes], *, force: bool) -> None:
    """All of them or none: what somebody has edited by hand is not written over unasked."""
    there = [path for path in documents if path.exists()]
    if there and not force:
        raise refuse(f"{there[0]} is there already: move it away, or write over it with --force")
    for path, content in documents.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as error:
            raise refuse(f"{path} cannot be written: {error.strerror}") from error
        typer.echo(f"wrote {path}")
