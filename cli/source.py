"""``qualwatch source``: the places that are watched, at a glance, one by one, and new ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.chinese import Commands
from cli.common import Config, refusal, region_in_force, shared_turns
from cli.source_kept import load_with_kept
from settings.sources import SourceKind
from vocabulary.reasons import in_chinese

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from jobs.status import SourceRow
    from settings.model import Settings
    from settings.sources import Source

app = Commands(help="监测的来源及其状态。")


@app.command("list")
def list_(config: Config = None) -> None:
    """列出来源及其最近一次访问的情况。"""
    from zoneinfo import ZoneInfo

    from rich.console import Console

    from cli.source_list import source_list
    from storage.errors import DatabaseError

    settings, _ = load_with_kept(config)
    try:
        rows = _remembered(settings)
    except DatabaseError as error:
        raise refusal(str(error)) from error
    if rows:
        console = Console(highlight=False)
        console.print(*source_list(rows, ZoneInfo(settings.time_zone), console.width), sep="\n")
    else:
        typer.echo("没有配置来源：qualwatch run 监测自带的示例站点；qualwatch source presets 列出可用来源。")


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="已配置来源的代号。")],
    output: Annotated[
        Literal["text", "json"], typer.Option("--format", help="供人阅读的文字，或供程序读取的 JSON。")
    ] = "text",
    config: Config = None,
) -> None:
    """查看一个来源最近的访问情况，以及没有读到的全部内容和处理建议。

    退出码：0 一个月内全部读到，1 有未读到的，2 没有该来源。
    """
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    from cli.source_show import ShownSource, as_record, look_up, shown_lines
    from storage.errors import DatabaseError

    settings, _ = load_with_kept(config)
    known = {source.name: source for source in settings.watched() + _remembered_samples(settings)}
    if name not in known:
        raise _unknown(name, known)
    try:
        with _database(settings) as engine:
            source = known[name]
            shown = look_up(engine, source, datetime.now(UTC)) if engine else ShownSource(source, (), (), ())
    except DatabaseError as error:
        raise refusal(str(error)) from error
    if output == "json":
        typer.echo(json.dumps(as_record(shown), ensure_ascii=False, indent=1))
    else:
        for line in shown_lines(shown, ZoneInfo(settings.time_zone)):
            typer.echo(line)
    raise typer.Exit(int(bool(shown.unread)))


@app.command()
def presets() -> None:
    """列出程序自带的来源和启用方法。"""
    from settings.load import FILE_NAME
    from settings.shipped import shipped_presets

    for name, source in shipped_presets().items():
        untried = "" if source.tried else "（未在线验证，请先运行 qualwatch source test）"
        typer.echo(f"{name:20} {source.title}{untried}\n{'':20} {source.url}")
    typer.echo(f'\n启用：在 {FILE_NAME} 中写 presets = ["名称", …]')


@app.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="列表页、订阅源、站点地图或数据接口的地址。")],
    *,
    name: Annotated[str, typer.Option(help="代号；不写则取自地址。")] = "",
    title: Annotated[str, typer.Option(help="名称；不写则为页面标题。")] = "",
    kind: Annotated[SourceKind | None, typer.Option(help="类型；不写则看页面内容。")] = None,
    region: Annotated[str, typer.Option(help="地区：六位行政区划代码或地名。")] = "",
    browser: Annotated[
        bool, typer.Option("--browser", help="用 Chromium 渲染页面，适用于由脚本生成的列表。")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="不询问，直接写入。")] = False,
    config: Config = None,
) -> None:
    """查看一个网站，显示将会读到什么，并写入配置文件；在工作台新增的来源则保存在数据库中。

    退出码：0 已写入，1 读不到内容或未确认，2 配置有误。
    """
    from assessment.source_proposal import LookError, propose_source
    from settings import SettingsError
    from settings.editing import add_source
    from settings.load import FILE_NAME
    from settings.template import write_default

    (settings, _), path, code = load_with_kept(config), config or Path(FILE_NAME), _region(region)
    try:
        with shared_turns(settings) as turns:
            proposal = propose_source(url, settings, turns=turns, name=name, title=title, browser=browser)
        proposal = replace(proposal, source=proposal.source.model_copy(update=_given(kind, code)))
    except LookError as error:
        typer.echo(f"✗ {in_chinese(str(error))}", err=True)
        raise typer.Exit(1) from error
    for line in proposal.lines():
        typer.echo(line)
    if not proposal.has_items and not proposal.lacks_addresses:
        typer.echo(
            "✗ 没有读到条目，未写入。页面由脚本生成时，请在浏览器的网络面板中找到数据接口的地址再添加，"
            "或加上 --browser 再试。",
            err=True,
        )
        raise typer.Exit(1)
    if not proposal.source.region:
        typer.echo(
            f"⚠ 没有写地区，只按全国清单判定，也不会通知到地方负责人：加上 --region，"
            f"或写入后在 {path} 中填写 region"
        )
    if not yes and not typer.confirm(f"写入 {path}，代号 {proposal.source.name}？", default=proposal.is_sure):
        raise typer.Exit(1)
    try:
        write_default(path)
        add_source(path, proposal.source)
    except (SettingsError, OSError) as error:
        raise refusal(str(error)) from error
    typer.echo(f"✓ 已写入 {path}：{proposal.source.name}")


def _region(text: str) -> str:
    """The code in force of a place by its code or name."""
    from vocabulary.regions import region_code

    try:
        return region_in_force(region_code(text)) if text else ""
    except ValueError as error:
        raise typer.BadParameter(in_chinese(str(error)), param_hint="--region") from error


def _given(kind: SourceKind | None, region: str) -> dict[str, object]:
    """What was typed and wins over what the page tells."""
    return ({"kind": kind} if kind else {}) | ({"region": region} if region else {})


@app.command("test")
def try_(
    name: Annotated[str, typer.Argument(metavar="NAME", help="已配置或自带来源的代号。")],
    output: Annotated[
        Literal["text", "json"],
        typer.Option("--format", help="逐步的文字，或一个 JSON 对象。"),
    ] = "text",
    config: Config = None,
) -> None:
    """试访问一个来源，显示每一步，不保存。"""
    from cli.dry_visit import Tried, dry_visit
    from settings import SettingsError
    from settings.shipped import preset_sources, shipped_presets

    settings, _ = load_with_kept(config)
    samples = _remembered_samples(settings)
    known = {source.name: source for source in settings.sources + settings.watched() + samples}
    try:
        source = known.get(name) or preset_sources([name])[0]
    except SettingsError as error:
        raise _unknown(name, (*known, *shipped_presets())) from error
    well, tried = True, Tried()
    own_hosts = {f"{each.url.host}:{each.url.port}" for each in samples}
    for step in dry_visit(source, settings, own_hosts, tried):
        if output == "text":
            typer.echo(f"{'✓' if step.is_well else '✗'} {step.text}")
        well = well and step.is_well
    if output == "json":
        typer.echo(json.dumps(tried.record(), ensure_ascii=False))
    raise typer.Exit(0 if well else 1)


def _unknown(name: str, known: Iterable[str]) -> typer.Exit:
    """What to raise where no source has the name that was typed."""
    return refusal(f"没有代号为“{name}”的来源；有：{'、'.join(known) or '无'}")


def _remembered(settings: Settings) -> list[SourceRow]:
    """The configured sources with what the database knows of them; looking makes no database."""
    from jobs.status import SourceRow, read_rows

    sources = settings.watched() + _remembered_samples(settings)
    with _database(settings) as engine:
        return read_rows(engine, sources) if engine else [SourceRow.of(source) for source in sources]


@contextmanager
def _database(settings: Settings) -> Iterator[Engine | None]:
    """The database as it is; None where there is none yet, since looking makes none."""
    from storage.database import open_database
    from storage.migrate import require_current

    storage = settings.storage
    if not storage.database and not (storage.directory / "qualwatch.sqlite3").exists():
        yield None
        return
    engine = open_database(storage.database_url)
    try:
        require_current(engine)
        yield engine
    finally:
        engine.dispose()


def _remembered_samples(settings: Settings) -> tuple[Source, ...]:
    """The sources of the sample site as a daemon last served it; empty where others are configured."""
    if not settings.serves_sample:
        return ()
    from sample.server import remembered_sources

    return remembered_sources(settings.storage.directory, settings.sample.every_minutes)
