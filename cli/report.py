"""``qualwatch report`` and ``qualwatch letter``: documents for offices."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from cli.common import Config, refuse, region_in_force, transaction

if TYPE_CHECKING:
    from settings.model import Settings

Force = Annotated[bool, typer.Option("--force", help="覆盖已有文件。")]

Region = Annotated[
    str,
    typer.Option(
        "--region",
        metavar="CODE",
        callback=region_in_force,
        help="行政区划代码（GB/T 2260）；不写则为全国。",
    ),
]
Folder = Annotated[Path, typer.Option("--output", metavar="DIR", help="输出目录。")]
Anew = Annotated[bool, typer.Option("--anew", help="重新统计，不用首次统计的数字。")]


def report(
    *,
    month: Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="月份；不写则为上月。")] = "",
    region: Region = "",
    output: Folder = Path(),
    anew: Anew = False,
    force: Force = False,
    config: Config = None,
) -> None:
    """生成监测月报（DOCX 和 XLSX）。

    已结束月份的数字在首次统计时固定。
    """
    from alerts.reports.bulletin import write_bulletin
    from alerts.reports.figures import Month
    from alerts.reports.issued import KeptBulletinError, issue_bulletin
    from alerts.reports.workbook import write_workbook
    from vocabulary.areas import region_name

    settings = _settings(config)
    today = datetime.now(UTC).astimezone(ZoneInfo(settings.time_zone)).date()
    try:
        wanted = Month.parse(month) if month else Month(today.year, today.month) + -1
    except ValueError as error:
        raise typer.BadParameter(f"“{month}”不是月份，请写成 2026-10") from error
    if wanted > Month(today.year, today.month):
        raise typer.BadParameter(f"{wanted} 尚未开始")
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
    case: Annotated[int, typer.Argument(metavar="案件", help="案件编号，见 case list。")],
    template: Annotated[
        Path | None, typer.Option("--template", metavar="FILE", help="本单位的模板（DOCX）。")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="输出文件。")] = None,
    force: Force = False,
    config: Config = None,
) -> None:
    """生成责令整改通知书草稿（DOCX）。"""
    from alerts.reports.notice import (
        BadTemplateError,
        answering,
        note_letter,
        notice_values,
        write_notice,
    )
    from cases.steps import StepRefused

    settings = _settings(config)
    zone = ZoneInfo(settings.time_zone)
    try:
        with transaction(config) as session:
            values = notice_values(session, case, zone, **answering(settings, case))
            written = write_notice(values, template)
            now, confirmed = datetime.now(zone), bool(values["confirmed"])
            note_letter(session, case, actor=getpass.getuser(), confirmed=confirmed, now=now)
    except StepRefused as error:
        raise refuse(error) from error
    except (BadTemplateError, OSError) as error:
        raise refuse(f"{template or '自带模板'}：{error}") from error
    _write({output or Path(f"责令整改通知书_案件{case}.docx"): written}, force=force)
    if not confirmed:
        words = f"注意：案件{case}尚未确认属实，通知书只能作草稿；核实后先运行 qualwatch case confirm {case}"
        typer.echo(words, err=True)


def _settings(config: Path | None) -> Settings:
    from settings import SettingsError, load_settings

    try:
        return load_settings(config)
    except SettingsError as error:
        raise refuse(error) from error


def _write(documents: Mapping[Path, bytes], *, force: bool) -> None:
    """All of them or none: what somebody has edited by hand is not written over unasked."""
    there = [path for path in documents if path.exists()]
    if there and not force:
        raise refuse(f"{there[0]} 已存在：请移走，或加 --force 覆盖")
    for path, content in documents.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as error:
            raise refuse(f"{path} 无法写入：{error.strerror}") from error
        typer.echo(f"已生成 {path}")
