"""``qualwatch routing``: which department follows up a qualification, and who is told."""

from __future__ import annotations

import csv
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from alerts.recipients import recipients
from cases.departments import RULE_COLUMNS, follow_up
from cases.routing_table import RoutingTableError, import_rules, read_table, table_rows
from catalogue import load_catalogue
from cli.common import Config, refuse, region_in_force, transaction
from settings import load_settings
from vocabulary.codes import Severity
from vocabulary.presentation import displayable
from vocabulary.regions import find_regions, full_name

app = typer.Typer(no_args_is_help=True, help="Which department follows up what, and who is told. 责任分工。")

Region = Annotated[
    str, typer.Option("--region", callback=region_in_force, help="GB/T 2260 code. 行政区划代码")
]


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=f"CSV with the columns {', '.join(RULE_COLUMNS)}.")
    ],
    region: Region = "",
    document: Annotated[str, typer.Option(help="Number of the document, where the file has none.")] = "",
    config: Config = None,
) -> None:
    """Import a routing table: all of it, or nothing and what is to be mended. 导入责任分工表。"""
    try:
        rules = read_table(file, region=region, document=document)
    except (RoutingTableError, OSError) as error:
        raise refuse(error) from error
    with transaction(config) as session:
        imported = import_rules(session, rules, datetime.now(UTC))
    typer.echo(f"{imported.rules} rules imported")
    for name in imported.unknown:
        typer.echo(f"not in the catalogue, kept as written: {displayable(name, limit=80)}", err=True)


@app.command("list")
def list_(config: Config = None) -> None:
    """Print every rule that is followed, as CSV that can be imported again. 导出责任分工表。"""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    with transaction(config) as session:
        writer.writerow(RULE_COLUMNS)
        writer.writerows(table_rows(session))


@app.command()
def regions(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Part of a place's name. 地名")],
) -> None:
    """Look up codes of provinces, prefectures and counties. 查询行政区划代码。"""
    found = False
    for region in find_regions(name):
        found = True
        typer.echo(f"{region.code}  {full_name(region.code)}")
    if not found:
        raise refuse(f"no place has {displayable(name, limit=40)!r} in its name")


@app.command()
def who(
    qualification: Annotated[str, typer.Argument(metavar="NAME", help="Name of a certificate. 证书名称")],
    region: Region = "",
    severity: Annotated[Severity, typer.Option(help="Severity of the case.")] = Severity.HIGH,
    config: Config = None,
) -> None:
    """Say who would be told of a case. 查询案件由谁负责。"""
    standings = load_catalogue().as_of(datetime.now(UTC).date(), region or None).lookup(qualification)
    key = standings[0].entry.key if standings else qualification
    with transaction(config) as session:
        following = follow_up(session, key, region or None)
    basis = f"（{following.document}）" if following.document else ""
    typer.echo(f"{key}：{following.department or '主管部门不明'}{basis}")
    settings = load_settings(config)
    for each in recipients(settings, region=region or None, severity=severity, follow_up=following):
        reason = f"（{each.reason}）" if each.reason else ""
        typer.echo(f"→ {each.name} <{each.email}>{reason}")
