"""``qualwatch catalogue import``: an official list out of a file or page into the catalogue."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from catalogue.annex import Annex, read_annex, rows_of_text
from catalogue.commands import OVERLAY, Directory, Format, app, open_catalogue, read_day, show_table, today
from catalogue.documents import Effect, OfficialDocument, find_document, normalise_number
from catalogue.overlay import ImportedList, write_import
from catalogue.proposal import Change, Proposed, propose

__all__ = ["app"]

_UNREADABLE = 2
_REFUSED = 1
_SHOWN_GAPS = 20


@dataclass(frozen=True, slots=True)
class Source:
    """A file or page that was read: its rows, and what identifies it."""

    name: str
    digest: str
    rows: list[list[str]]


class UnreadableSourceError(Exception):
    """The file or page could not be read; the message says why."""


@app.command("import")
def import_list(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|URL", help="The annex: HTML, PDF, DOC, DOCX, XLS, XLSX, OFD, RTF, text or CSV."
        ),
    ],
    *,
    document: Annotated[str, typer.Option(help="Number of the document, for example 国发〔2016〕68号.")],
    region: Annotated[
        str, typer.Option(help="GB/T 2260 code where it is a province's own list, for example 220000.")
    ] = "",
    items: Annotated[
        int | None, typer.Option(min=1, help="Official total, where the catalogue does not know it.")
    ] = None,
    since: Annotated[
        date | None, typer.Option("--date", metavar="DATE", parser=read_day, help="In force since this day.")
    ] = None,
    effect: Annotated[Effect | None, typer.Option(help="What standing on the list means.")] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Import it; without this it is only shown.")
    ] = False,
    accept_conflicts: Annotated[
        bool, typer.Option("--accept-conflicts", help="Import it although published lists disagree.")
    ] = False,
    output: Annotated[Format, typer.Option("--format", help="How the answer is written.")] = Format.TEXT,
    directory: Directory = OVERLAY,
) -> None:
    """Show what an official list adds and changes; import it with --accept, where its count is right.

    读取正式清单，核对项数后导入；`catalogue undo` 可撤销。

    Exits 1 where the list is refused: wrong count, gaps, conflicts, imported before. Exits 2 where nothing
    could be read.
    """
    official = _official(document, region, items, since, effect)
    try:
        read = read_source(source)
    except UnreadableSourceError as error:
        typer.echo(f"{source}：{error}", err=True)
        raise typer.Exit(_UNREADABLE) from error
    annex = read_annex(read.rows, official.number)
    try:
        proposed = propose(
            annex.items,
            open_catalogue(directory),
            document=official.number,
            since=official.date,
            effect=official.effect,
            region=region,
        )
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_REFUSED) from error
    _show(proposed, output)
    problems = find_problems(annex, proposed, official, accept_conflicts=accept_conflicts)
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(_REFUSED)
    if accept:
        _accept(directory, official, read, proposed)
    elif output is Format.TEXT:
        typer.echo("核对无误，尚未导入；加 --accept 导入。")


def read_source(source: str) -> Source:
    """Rows of a file or of a page at a public address; UnreadableSourceError says why there are none."""
    from extraction import ExtractionError, extract  # noqa: PLC0415 - the other commands start without it

    if source.lower().startswith(("http://", "https://")):
        body, url, media_type, charset = _fetch(source)
    else:
        try:
            body, url, media_type, charset = Path(source).read_bytes(), "", "", ""
        except OSError as error:
            raise UnreadableSourceError(error.strerror or str(error)) from error
    name = source if url else Path(source).name
    try:
        extracted = extract(body, url=url, media_type=media_type, charset=charset, name=name)
    except ExtractionError as error:
        raise UnreadableSourceError(str(error)) from error
    return Source(name, sha256(body).hexdigest(), _rows(extracted.text, name))


def find_problems(
    annex: Annex, proposed: Sequence[Proposed], official: OfficialDocument, *, accept_conflicts: bool = False
) -> list[str]:
    """Why the list may not be imported, in Chinese; empty where it may."""
    problems = []
    if annex.count != official.items:
        others = f"（另有{annex.other_documents}行属于其他文号）" if annex.other_documents else ""
        problems.append(
            f"读到{annex.count}项{others}，{official.number}应为{official.items}项，不予导入。"
            "请检查附件是否完整、是否为该文件的附件。"
        )
    if annex.missing:
        gaps = "、".join(map(str, annex.missing[:_SHOWN_GAPS]))
        problems.append(f"序号不连续，缺{gaps}。")
    if annex.loose:
        problems.append(
            f"表格各行之间有{len(annex.loose)}行无法归入任何一行（如“{annex.loose[0][:_SHOWN_GAPS]}”），"
            "可能是名称被换行断开；请改用网页、Word 或表格文件。"
        )
    conflicts = [each.item.name for each in proposed if each.change is Change.CONFLICT]
    if conflicts and not accept_conflicts:
        problems.append(
            f"{len(conflicts)}项与已公布的文件冲突（{'、'.join(conflicts[:_SHOWN_GAPS])}），"
            "请人工核对；确认后加 --accept-conflicts。"
        )
    return problems


def _official(
    document: str, region: str, items: int | None, since: date | None, effect: Effect | None
) -> OfficialDocument:
    """The document as it is known and was typed; a usage error where they disagree or one is missing."""
    known = find_document(document, region)
    if known is None:
        if items is None or since is None or effect is None:
            raise typer.BadParameter(
                f"no official total is known for {document}; give --items, --date and --effect",
                param_hint="--document",
            )
        return OfficialDocument(normalise_number(document), since, items, region, effect)
    if items not in (None, known.items):
        raise typer.BadParameter(f"{known.number} has {known.items} items", param_hint="--items")
    return OfficialDocument(known.number, since or known.date, known.items, region, effect or known.effect)


def _fetch(url: str) -> tuple[bytes, str, str, str]:
    """Body, address after redirects, media type and charset."""
    from jobs.fetching.fetcher import Fetcher  # noqa: PLC0415 - only addresses need the network
    from jobs.fetching.model import FetchError, PageKind  # noqa: PLC0415
    from settings.model import Fetching  # noqa: PLC0415

    fetcher = Fetcher(Fetching())
    try:
        page = fetcher.fetch(url, kind=PageKind.PAGE)
    except FetchError as error:
        raise UnreadableSourceError(str(error)) from error
    finally:
        fetcher.close()
    return page.body, page.final_url, page.media_type, page.charset


def _rows(text: str, name: str) -> list[list[str]]:
    if name.lower().endswith(".csv"):
        return [row for row in csv.reader(io.StringIO(text)) if any(row)]
    return rows_of_text(text)


def _show(proposed: Sequence[Proposed], output: Format) -> None:
    if output is Format.JSON:
        rows = [
            {
                "change": each.change.name.lower(),
                "name": each.item.name,
                "key": each.item.key,
                "status": each.item.status,
                "since": each.item.since.isoformat(),
                "category": each.item.category,
                "before": each.before,
            }
            for each in proposed
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    show_table(
        ("变化", "名称", "词条", "现有状态"),
        [(each.change.value, each.item.name, each.item.key, each.before) for each in proposed],
    )
    counts = Counter(each.change for each in proposed)
    typer.echo(
        f"共{len(proposed)}个名称：" + "，".join(f"{change}{counts[change]}" for change in Change) + "。"
    )


def _accept(
    directory: Path, official: OfficialDocument, source: Source, proposed: Sequence[Proposed]
) -> None:
    imported = ImportedList(
        document=official.number,
        region=official.region,
        source=f"{source.name}（SHA-256 {source.digest[:16]}）",
        imported_on=today(),
        items=tuple(each.item for each in proposed),
    )
    try:
        path = write_import(directory, imported)
    except FileExistsError:
        typer.echo(f"“{imported.identity}”已导入过；先用 catalogue undo 撤销。", err=True)
        raise typer.Exit(_REFUSED) from None
    except OSError as error:
        typer.echo(f"{directory}：{error.strerror or error}", err=True)
        raise typer.Exit(_UNREADABLE) from error
    typer.echo(f"已导入{len(imported.items)}个名称，证据为“已公布”：{path}")
