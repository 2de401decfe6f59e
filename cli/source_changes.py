"""Which sources there are: ``qualwatch source import``, ``export``, ``remove``, ``enable``, ``disable`` …

They change ``qualwatch.toml``, and the database where the desk added the source; a daemon that runs takes it
up within seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import source_visit
from cli.common import Config, refusal
from cli.source import app
from cli.source_kept import change_kept, load_with_kept, remove_kept
from vocabulary.presentation import displayable

if TYPE_CHECKING:
    from cli.sources.columns import Understood
    from settings import Settings

__all__ = ["app", "source_visit"]

_SHOWN = 20
Name = Annotated[list[str], typer.Argument(metavar="NAME…", help="来源的代号，可写多个。")]


def _read_day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise typer.BadParameter(f"“{typed}”不是日期，请写成 2026-11-01") from error


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV、XLSX 或 OPML 文件，至少有网址一列。")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只显示读懂了什么，不写入。")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="不询问，直接写入。")] = False,
    config: Config = None,
) -> None:
    """成批添加来源：先报告读懂了什么，确认后写入配置文件（工作台新增的在数据库中）；已有的网址不重复添加。

    退出码：0 全部读懂，1 有的行不能使用或未确认（其余照常写入），2 文件或配置不能使用。
    """
    from cli.sources.columns import understand
    from cli.sources.files import TableError, read_rows
    from settings.editing import add_sources
    from settings.load import FILE_NAME

    settings, path = load_with_kept(config)[0], config or Path(FILE_NAME)
    known = {source.name: source for source in settings.sources + settings.watched()}
    try:
        understood = understand(read_rows(file), known.values())
    except TableError as error:
        raise refusal(str(error)) from error
    for line in _report(file, understood):
        typer.echo(f"{'  ' * line.startswith('  ')}{displayable(line, limit=600)}")
    if understood.new and not dry_run:
        if not yes and not typer.confirm(f"把 {len(understood.new)} 个来源写入 {path}？", default=True):
            raise typer.Exit(1)
        _edit(path, add_sources, [source for _, source in understood.new])
        typer.echo(f"✓ 已写入 {path}：{len(understood.new)} 个来源")
    raise typer.Exit(int(bool(understood.wrong)))


def _report(file: Path, understood: Understood) -> Iterator[str]:
    """What was read, understood, known already and not usable, line by line."""
    yield (
        f"{file}：{understood.rows} 行，新来源 {len(understood.new)} 个，已有 {len(understood.known)} 个，"
        f"不能使用 {len(understood.wrong)} 行"
    )
    if understood.unused:
        yield f"  没有采用的列：{'、'.join(understood.unused)}"
    new = [f"第 {line} 行 {each.name} {each.title} {each.url}" for line, each in understood.new]
    yield from _some("+", new)
    yield from _some("=", [f"第 {line} 行 {url} 已是来源 {name}" for line, url, name in understood.known])
    yield from _some(
        "✗", [f"第 {line} 行：{why}" for line, why in understood.wrong], most=len(understood.wrong)
    )
    if nowhere := understood.without_region:
        yield f"⚠ {len(nowhere)} 个没有地区，只按全国清单判定，也不会通知到地方负责人：" + "、".join(
            nowhere[:_SHOWN]
        )


def _some(mark: str, lines: Sequence[str], *, most: int = _SHOWN) -> Iterator[str]:
    yield from (f"  {mark} {line}" for line in lines[:most])
    if len(lines) > most:
        yield f"  {mark} …… 另有 {len(lines) - most} 行"


@app.command()
def export(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="CSV、XLSX 或 OPML 文件；不写则以 CSV 输出到屏幕。"),
    ] = None,
    config: Config = None,
) -> None:
    """导出全部来源，含停用的和启用的自带来源；可用 source import 再导入。"""
    from cli.sources.columns import table_of
    from cli.sources.files import TableError, csv_text, write_rows

    settings, _ = load_with_kept(config)
    sources = tuple({each.name: each for each in settings.sources + settings.watched()}.values())
    heading, rows = table_of(sources)
    if file is None:
        typer.echo(csv_text(heading, rows), nl=False)
        return
    if file.exists():
        raise refusal(f"{file} 已存在，不会覆盖：请另写一个文件名")
    try:
        write_rows(file, heading, rows)
    except (TableError, OSError) as error:
        raise refusal(str(error)) from error
    typer.echo(f"✓ {file}：{len(sources)} 个来源")


@app.command()
def remove(
    names: Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="不询问。")] = False,
    config: Config = None,
) -> None:
    """从配置或数据库中删除来源；已保存的文件、发现和案件保留。暂停请用 disable。"""
    from settings.editing import remove_source
    from settings.load import FILE_NAME

    (settings, kept), path = load_with_kept(config), config or Path(FILE_NAME)
    _require_known(settings, names)
    if not yes and not typer.confirm(f"删除 {'、'.join(names)}？"):
        raise typer.Exit(1)
    for name in names:
        if name in kept:
            remove_kept(settings, name)
        else:
            _edit(path, remove_source, name)
    typer.echo(f"✓ 已删除：{'、'.join(names)}")


@app.command()
def enable(names: Name, config: Config = None) -> None:
    """恢复访问停用的来源，或启用程序自带的来源。"""
    from settings.editing import change_source, switch_on_preset
    from settings.load import FILE_NAME
    from settings.shipped import shipped_presets

    (settings, kept), path = load_with_kept(config), config or Path(FILE_NAME)
    _require_known(settings, names, *shipped_presets())
    own = {source.name for source in settings.sources}
    for name in names:
        if name in kept:
            change_kept(settings, name, enabled=None)
        elif name in own:
            _edit(path, change_source, name, enabled=None)
        else:
            _edit(path, switch_on_preset, name)
    typer.echo(f"✓ 已启用：{'、'.join(names)}")


@app.command()
def disable(names: Name, config: Config = None) -> None:
    """停止访问来源，配置保留；恢复请用 enable。"""
    from settings.editing import change_source
    from settings.load import FILE_NAME

    (settings, kept), path = load_with_kept(config), config or Path(FILE_NAME)
    _require_known(settings, names)
    for name in names:
        if name in kept:
            change_kept(settings, name, enabled=False)
        else:
            _edit(path, change_source, name, enabled=False)
    typer.echo(f"✓ 已停用：{'、'.join(names)}")


@app.command()
def mute(
    names: Name,
    *,
    until: Annotated[
        date | None,
        typer.Option("--until", metavar="DATE", parser=_read_day, help="到此日为止（不含）；不写则解除。"),
    ] = None,
    config: Config = None,
) -> None:
    """暂不通知来源的异常（网站改版、停机维护时），照常访问，发现照常通知。"""
    from settings.editing import change_source
    from settings.load import FILE_NAME

    (settings, kept), path = load_with_kept(config), config or Path(FILE_NAME)
    _require_known(settings, names)
    if until is not None and until <= date.today():  # noqa: DTZ011 - the operator's own day
        raise typer.BadParameter(f"{until} 已过", param_hint="--until")
    for name in names:
        if name in kept:
            change_kept(settings, name, muted_until=until and until.isoformat())
        else:
            _edit(path, change_source, name, muted_until=until)
    said = f"在 {until} 之前不通知异常" if until else "恢复通知异常"
    typer.echo(f"✓ {said}：{'、'.join(names)}")


def _require_known(settings: Settings, names: Sequence[str], *beside: str) -> None:
    from settings.errors import near

    known = list(dict.fromkeys([each.name for each in settings.sources + settings.watched()] + list(beside)))
    for name in names:
        if name not in known:
            shown = "、".join(known[:_SHOWN]) + (f" 等 {len(known)} 个" if len(known) > _SHOWN else "")
            raise refusal(
                f"没有代号为“{displayable(name, limit=60)}”的来源：{near(name, known)}{shown or '尚无来源'}"
            )


def _edit(path: Path, change: Callable[..., None], *values: object, **keys: object) -> None:
    """Change the file, which is written with its comments first where there is none."""
    from settings import SettingsError
    from settings.template import write_default

    try:
        write_default(path)
        change(path, *values, **keys)
    except (SettingsError, OSError) as error:
        raise refusal(str(error)) from error
