"""``qualwatch catalogue import``: an official list out of a file or page into the catalogue."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from catalogue.documents import Effect
from cli.catalogue import Config, Format, Picture, app, read_day
from cli.catalogue_review import UNREADABLE, Wish, describe, review
from vocabulary.reasons import in_chinese

__all__ = ["app"]

Number = Annotated[str, typer.Option("--document", help="文号，如 国发〔2016〕68号。")]
Items = Annotated[int | None, typer.Option("--items", min=1, help="官方公布的总项数，程序不知道时填写。")]
Since = Annotated[date | None, typer.Option("--date", metavar="DATE", parser=read_day, help="施行日期。")]
Meaning = Annotated[Effect | None, typer.Option("--effect", help="列入清单意味着什么。")]
Conflicts = Annotated[bool, typer.Option("--accept-conflicts", help="与已公布清单冲突也导入。")]


Region = Annotated[
    str,
    typer.Option("--region", help="行政区划代码；某省自己的清单时填写，如 220000。"),
]
Output = Annotated[Format, typer.Option("--format", help="输出格式。")]


@app.command("import")
def import_list(
    source: Annotated[
        str,
        typer.Argument(metavar="FILE|URL", help="附件：HTML、PDF、Word、表格、OFD、RTF、文本、CSV 或图片。"),
    ],
    *,
    document: Number,
    region: Region = "",
    items: Items = None,
    since: Since = None,
    effect: Meaning = None,
    accept: Annotated[bool, typer.Option("--accept", help="核对无误后导入；不写则只显示。")] = False,
    accept_conflicts: Conflicts = False,
    output: Output = Format.TEXT,
    picture: Picture = None,
    config: Config = None,
) -> None:
    """读取正式清单，显示新增和变化；项数无误时用 --accept 导入。

    退出码：1 清单不能导入（项数不符、缺号、冲突、已导入过），2 无法读取。
    """
    # Looking something up needs neither.
    from assessment.official_lists import UnreadableListError, read_list
    from settings import SettingsError, load_settings

    official = describe(document, region, items, since, effect)
    try:
        read = read_list(source, load_settings(config).fetching)
    except (UnreadableListError, SettingsError) as error:
        typer.echo(f"{source}：{in_chinese(str(error))}", err=True)
        raise typer.Exit(UNREADABLE) from error
    review(read, official, config, Wish(accept, accept_conflicts, output, picture))
