"""``qualwatch routing``: which department follows up a qualification, and who is told."""

from __future__ import annotations

import csv
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cases.routing_rows import RULE_COLUMNS
from catalogue import load_catalogue
from cli.chinese import Commands
from cli.common import Config, refuse, region_in_force, transaction
from cli.people_kept import load_with_people
from vocabulary.codes import Severity
from vocabulary.presentation import displayable
from vocabulary.regions import find_regions, full_name

app = Commands(help="责任分工：哪个部门跟进哪些资格，通知谁。")

Region = Annotated[
    str, typer.Option("--region", callback=region_in_force, help="行政区划代码（GB/T 2260）。")
]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=f"CSV 文件，列为 {'、'.join(RULE_COLUMNS)}。")],
    region: Region = "",
    document: Annotated[str, typer.Option(help="文号，文件中没有时填写。")] = "",
    config: Config = None,
) -> None:
    """导入责任分工表：全部导入，或者一行不导并说明如何修改。"""
    from cases.routing_table import RoutingTableError, import_rules, read_table

    try:
        rules = read_table(file, region=region, document=document)
    except (RoutingTableError, OSError) as error:
        raise refuse(error) from error
    with transaction(config) as session:
        imported = import_rules(session, rules, datetime.now(UTC))
    typer.echo(f"已导入 {imported.rules} 条")
    for name in imported.unknown:
        typer.echo(f"目录中没有，按原文保存：{displayable(name, limit=80)}", err=True)


@app.command("list")
def list_(config: Config = None) -> None:
    """导出现行的责任分工表（CSV，可再导入）。"""
    from cases.routing_table import table_rows

    writer = csv.writer(sys.stdout, lineterminator="\n")
    with transaction(config) as session:
        writer.writerow(RULE_COLUMNS)
        writer.writerows(table_rows(session))


@app.command()
def regions(
    name: Annotated[str, typer.Argument(metavar="NAME", help="地名或其一部分。")],
) -> None:
    """查询省、市、县的行政区划代码。"""
    found = False
    for region in find_regions(name):
        found = True
        typer.echo(f"{region.code}  {full_name(region.code)}")
    if not found:
        raise refuse(f"没有名称含“{displayable(name, limit=40)}”的地区")


@app.command()
def who(
    qualification: Annotated[str, typer.Argument(metavar="NAME", help="证书名称。")],
    region: Region = "",
    severity: Annotated[Severity, typer.Option(help="案件的风险等级。")] = Severity.HIGH,
    config: Config = None,
) -> None:
    """查询案件由谁负责。"""
    from alerts.recipients import recipients
    from cases.departments import follow_up
    from storage.imported_lists import read_lists

    with transaction(config) as session:
        catalogue = load_catalogue(read_lists(session))
        standings = catalogue.as_of(datetime.now(UTC).date(), region or None).lookup(qualification)
        key = standings[0].entry.key if standings else qualification
        following = follow_up(session, key, region or None)
    basis = f"（{following.document}）" if following.document else ""
    typer.echo(f"{key}：{following.department or '主管部门不明'}{basis}")
    settings = load_with_people(config)
    for each in recipients(settings, region=region or None, severity=severity, follow_up=following):
        reason = f"（{each.reason}）" if each.reason else ""
        typer.echo(f"→ {each.name} <{each.email}>{reason}")
