"""``qualwatch catalogue status``: how complete the official lists are, and what was imported when."""

from __future__ import annotations

import json
from collections.abc import Sequence

import typer

from catalogue.completeness import Completeness, say_incomplete
from catalogue.current import current_completeness
from cli import catalogue_complete, catalogue_confirm, catalogue_proposals, catalogue_verify
from cli.catalogue import Config, Format, app, show_table
from cli.catalogue_import import Output
from cli.imported import lists_of
from vocabulary.codes import Evidence
from vocabulary.names import name_of

__all__ = ["app", "catalogue_complete", "catalogue_confirm", "catalogue_proposals", "catalogue_verify"]


@app.command()
def status(output: Output = Format.TEXT, config: Config = None) -> None:
    """各正式清单的完整程度：已公布、未核实、存疑各多少项。

    退出码：1 尚有清单不完整。
    """
    measured = current_completeness(lists_of(config))
    if output is Format.JSON:
        typer.echo(json.dumps([_to_json(each) for each in measured], ensure_ascii=False, indent=2))
    else:
        _show(measured)
    if any(not each.is_complete for each in measured):
        raise typer.Exit(1)


def _show(measured: Sequence[Completeness]) -> None:
    from vocabulary.areas import region_name

    evidences = tuple(Evidence)
    show_table(
        ("文件", "地区", "已公布/应有", *(name_of(each) for each in evidences[1:]), "导入日期", "SHA-256"),
        [
            (
                each.document.number,
                region_name(each.document.region) or "全国",
                f"{each.published}/{each.document.items}",
                *(str(each.known[evidence]) for evidence in evidences[1:]),
                each.imported_on.isoformat() if each.imported_on else "",
                each.digest[:16],
            )
            for each in measured
        ],
    )
    typer.echo(say_incomplete(measured) or "清单完整。")


def _to_json(each: Completeness) -> dict[str, object]:
    return {
        "document": each.document.number,
        "region": each.document.region,
        "items": each.document.items,
        **{evidence.value: each.known[evidence] for evidence in Evidence},
        "complete": each.is_complete,
        "imported_on": each.imported_on.isoformat() if each.imported_on else None,
        "digest": each.digest,
    }
