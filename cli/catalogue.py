"""``qualwatch catalogue``: a certificate's standing, what changed between editions, what was imported."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from catalogue.book import Catalogue
from catalogue.difference import Difference, between_editions
from catalogue.editions import compare, item_count, read_editions, summary_lines
from catalogue.loading import load_catalogue, read_approvals
from catalogue.model import Period, Standing
from catalogue.naming import fold
from catalogue.picture import draw
from catalogue.wording import caution, since_words, summary
from cli.chinese import Commands
from cli.imported import lists_of
from vocabulary.names import consequence_of, name_of

app = Commands(
    help="职业资格目录：某日有哪些证书，依据什么文件；导入、核对、撤销清单。",
)

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="使用此配置文件，而不用 ./qualwatch.toml。"),
]
Picture = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="把差异画成图（SVG），写入此文件。"),
]


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


def read_day(value: str) -> date:
    """A date as it is typed; a typer error that shows how to write it."""
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise typer.BadParameter(f"“{value}”不是日期，请写成 2026-11-01") from error


@app.command()
def lookup(
    name: Annotated[str, typer.Argument(help="证书名称，按通常写法。")],
    as_of: Annotated[
        date | None, typer.Option(metavar="DATE", parser=read_day, help="哪一日；不写则为今天。")
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="行政区划代码（GB/T 2260），加上该省自己的清单，如 220000。")
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="输出格式。")] = Format.TEXT,
    config: Config = None,
) -> None:
    """查询一种证书在某日的状态、起始日期、依据文件和可靠程度。

    退出码：1 没有这个名称（提示相近名称）。
    """
    day = as_of or today()
    catalogue = load_catalogue(lists_of(config))
    standings = catalogue.as_of(day, region).lookup(_qualification(name))
    if output is Format.JSON:
        typer.echo(json.dumps([_to_json(s, catalogue) for s in standings], ensure_ascii=False, indent=2))
    else:
        for number, standing in enumerate(standings):
            if number:
                typer.echo("")
            _show(standing, day, catalogue)
    if not standings:
        near = suggestions(name, catalogue)
        hint = f"您要找的是否为：{'、'.join(near)}" if near else "目录和常用名称中都没有相近的名称。"
        typer.echo(f"没有找到“{name}”。{hint}", err=True)
        raise typer.Exit(1)


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="目录版本的年份，如 2017。")],
    after: Annotated[str, typer.Argument(help="较新版本的年份，如 2021。")],
    picture: Picture = None,
    output: Annotated[Format, typer.Option("--format", help="输出格式。")] = Format.TEXT,
) -> None:
    """比较两版目录：新增、退出、更名、类别调整。"""
    editions = read_editions()
    for year in (before, after):
        if year not in editions:
            raise typer.BadParameter(f"没有{year}年版；有：{'、'.join(sorted(editions))}")
    changes = compare(editions[before], editions[after])
    if picture is not None:
        stayed = len({line.key for line in editions[before]} & {line.key for line in editions[after]})
        unchanged = stayed - len({new.key for _, new in (*changes.renamed, *changes.changed_kind)})
        draw_to(picture, between_editions(changes, f"国家职业资格目录 {before}年版 → {after}年版", unchanged))
    rows = list(summary_lines(changes))
    if output is Format.JSON:
        fields = ("change", "name", "remark")
        typer.echo(
            json.dumps([dict(zip(fields, row, strict=True)) for row in rows], ensure_ascii=False, indent=2)
        )
        return
    show_table(("变化", "名称", "说明"), rows)
    counts = f"{before}年版{item_count(editions[before])}项，{after}年版{item_count(editions[after])}项"
    kinds = ("新增", "退出", "更名", "类别调整")
    typer.echo(
        f"{counts}；" + "，".join(f"{kind}{sum(row[0] == kind for row in rows)}" for kind in kinds) + "。"
    )


@app.command()
def imports(config: Config = None) -> None:
    """列出已导入的正式清单。"""
    rows = [
        (each.identity, str(len(each.items)), each.imported_on.isoformat(), each.source)
        for each in lists_of(config).unpacked()
    ]
    if not rows:
        typer.echo("没有导入过清单。")
        return
    show_table(("清单", "项数", "导入日期", "来源文件"), rows)


@app.command()
def undo(
    identity: Annotated[str, typer.Argument(help="清单名称，见 catalogue imports，如 国发〔2016〕68号。")],
    config: Config = None,
) -> None:
    """撤销已导入的清单；目录自带数据不变。"""
    from cli.catalogue_changing import changing, note_change
    from storage.imported_lists import forget_list, identities

    with changing(config) as session:
        undone = forget_list(session, identity)
        if undone:
            note_change(session, f"- {identity}")
        known = "、".join(identities(session)) or "无"
    if not undone:
        typer.echo(f"没有导入过“{identity}”。已导入：{known}。", err=True)
        raise typer.Exit(1)
    typer.echo(f"已撤销“{identity}”的导入。")


def draw_to(file: Path, difference: Difference) -> None:
    """Write the picture of a difference; exit code 2 where that is not possible."""
    try:
        file.write_text(draw(difference), encoding="utf-8")
    except OSError as error:
        typer.echo(f"{file}：{error.strerror or error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"差异图：{file}", err=True)


def _qualification(name: str) -> str:
    """The qualification that an approval's name bears; any other name as it is."""
    return next((each.key for each in read_approvals() if fold(each.name) == fold(name)), name)


def _approval_words(key: str) -> str:
    """What ended of the approvals that bear an entry's name; empty where none did."""
    return "；".join(
        f"{each.number or '另有文件'}取消的是审批“{each.name}”"
        + ("，资格随之取消" if each.ends_qualification else "，不是资格本身")
        for each in read_approvals()
        if each.key == key
    )


def suggestions(name: str, catalogue: Catalogue) -> list[str]:
    """Names of up to five certificates that look like ``name``, the nearest first, one for each."""
    keys = {fold(text): keys[0] for text, keys in catalogue.names().items()}
    near = difflib.get_close_matches(fold(name), keys, n=20, cutoff=0.6)
    return list(dict.fromkeys(catalogue.entry(keys[text]).name for text in near))[:5]


def today() -> date:
    """The day in China, where the rules change at midnight."""
    return (datetime.now(UTC) + timedelta(hours=8)).date()


def show_table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on a terminal; tab-separated lines elsewhere, for other programs."""
    if not sys.stdout.isatty():
        for row in rows:
            typer.echo("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*heading, header_style="bold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _show(standing: Standing, day: date, catalogue: Catalogue) -> None:
    entry, period = standing.entry, standing.period
    facts = [
        ("名称", entry.name + ("" if standing.matched == entry.name else f"（按“{standing.matched}”查到）")),
        ("状态", f"{name_of(period.status)}（{period.status}）"),
        ("起始", since_words(period)),
        ("依据", period.document or "无"),
        ("证据", f"{name_of(period.evidence)}（{period.evidence}），出处：{period.source}"),
        ("类别", " ".join(filter(None, (entry.domain, period.category)))),
        ("部门", entry.department),
        ("地区", entry.region or ""),
        ("境外", "国外、境外或厂商证书，只统计，不预警" if entry.foreign else ""),
        ("说明", period.note),
        ("审批", _approval_words(entry.key)),
        ("适用", consequence_of(period.status)),
        ("法条", "；".join(dict.fromkeys(statute.citation for statute in catalogue.statutes(entry.key)))),
        ("注意", caution(standing)),
    ]
    typer.echo(summary(standing, day))
    for label, value in facts:
        if value:
            typer.echo(f"  {label}：{value}")
    if len(entry.periods) > 1:
        typer.echo("  沿革：")
        show_table(
            ("起始", "状态", "依据", "证据", "说明"),
            [
                ("  " + since_words(p), name_of(p.status), p.document, name_of(p.evidence), p.note)
                for p in entry.periods
            ],
        )


def _to_json(standing: Standing, catalogue: Catalogue) -> dict[str, Any]:
    entry = standing.entry
    return {
        "key": entry.key,
        "name": entry.name,
        "matched": standing.matched,
        **_period_to_json(standing.period),
        "certain": standing.certain,
        "caution": caution(standing),
        "department": entry.department,
        "domain": entry.domain,
        "region": entry.region,
        "foreign": entry.foreign,
        "periods": [_period_to_json(period) for period in entry.periods],
        "statutes": [statute.citation for statute in catalogue.statutes(entry.key)],
    }


def _period_to_json(period: Period) -> dict[str, str | None]:
    return {
        "status": period.status,
        "since": period.since.isoformat() if period.since else None,
        "document": period.document,
        "category": period.category,
        "evidence": period.evidence,
        "source": period.source,
        "note": period.note,
    }
