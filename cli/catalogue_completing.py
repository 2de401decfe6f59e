"""Completes the official lists for ``qualwatch catalogue complete``, and tells what became of each."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cases.routing_table import forget_rules, import_rules
from catalogue.addresses import official_addresses
from catalogue.book import Catalogue
from catalogue.checks import absentees
from catalogue.difference import of_proposal
from catalogue.documents import Effect, OfficialDocument, normalise_number, official_documents
from catalogue.imported import ImportedList, ImportedLists
from catalogue.loading import load_catalogue
from catalogue.proposal import Change
from cli.catalogue import Format, draw_to, show_table, today
from cli.catalogue_changing import changing, note_change
from cli.catalogue_routing import routed_documents, rules_of
from cli.common import shared_turns
from cli.imported import lists_of
from crawling.fetching.fetcher import Fetcher
from jobs.catalogue_complete import Completion, advise, find_list, list_of
from settings import Settings, SettingsError, load_settings
from storage.imported_lists import forget_list, identities, keep_list
from vocabulary.dates import chinese_day
from vocabulary.presentation import displayable
from vocabulary.reasons import in_chinese


@dataclass(frozen=True, slots=True)
class Wish:
    """How the lists are to be completed."""

    mirror: str = ""
    """A site that is asked under the official paths; empty: the official sites themselves."""
    accept: bool = False
    accept_conflicts: bool = False
    output: Format = Format.TEXT
    config: Path | None = None
    pictures: Path | None = None
    """Where what each list changes is drawn; None: nowhere."""

    def allows(self, completion: Completion) -> bool:
        """Whether what was found may be imported."""
        return self.accept and completion.found is not None and (completion.is_ready or self.accept_conflicts)


def complete_lists(
    numbers: Sequence[str], regions: Sequence[str], addresses: Sequence[str], wish: Wish
) -> bool:
    """Complete the documents called ``numbers``, or all; whether none is missing afterwards.

    Exits with 2 where the settings or an imported list cannot be read.
    """
    wanted, given = _wanted(numbers, regions), _given(addresses)
    try:
        settings = load_settings(wish.config)
    except SettingsError as error:
        typer.echo(in_chinese(str(error)), err=True)
        raise typer.Exit(2) from error
    done, routed = [], routed_documents(settings)
    with _fetching(settings) as fetcher, _progress(wanted) as tell:
        for each in wanted:
            tell(each, "")
            lists = lists_of(wish.config)
            completion = _known(each, lists, routed)
            if completion is None:
                completion = find_list(
                    each,
                    [*given.get(each.number, []), *_addresses(each, wish.mirror)],
                    fetcher,
                    load_catalogue(lists),
                    partial(tell, each),
                )
            _draw(completion, lists, wish)
            done.append(_accept(completion, wish) if wish.allows(completion) else completion)
    _report(done, wish)
    return all(_is_well(completion, wish) for completion in done)


def _is_well(completion: Completion, wish: Wish) -> bool:
    """Whether nothing is left to do for a document but what was not asked for."""
    kept = completion.imported or completion.known_since is not None
    return kept or (completion.found is not None and not wish.accept)


def _draw(completion: Completion, lists: ImportedLists, wish: Wish) -> None:
    """Draw what the list changes, before it does."""
    if wish.pictures is None or completion.found is None or not completion.found.proposed:
        return
    wish.pictures.mkdir(parents=True, exist_ok=True)
    difference = of_proposal(completion.found.proposed, completion.document, load_catalogue(lists))
    draw_to(wish.pictures / f"{completion.document.number}.svg", difference)


def _known(document: OfficialDocument, lists: ImportedLists, routed: Set[str]) -> Completion | None:
    """What is to be said of a document that was imported before; None where it was not."""
    for each in lists.unpacked():
        if (each.document, each.region) == (document.number, document.region):
            return Completion(document, known_since=each.imported_on)
    if document.effect is Effect.DEPARTMENTS and document.number in routed:
        return Completion(document, known_since=today())
    return None


def _addresses(document: OfficialDocument, mirror: str) -> Iterator[str]:
    """The official addresses, or the same paths on an office's own copy."""
    for address in official_addresses(document.number, document.region):
        parts = urlsplit(address)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        yield f"{mirror.rstrip('/')}{path}" if mirror else address


def _accept(completion: Completion, wish: Wish) -> Completion:
    """Import what was found; a document that somebody imported meanwhile is left as it is."""
    found, document = completion.found, completion.document
    if found is None:
        return completion
    with changing(wish.config) as session:
        if document.effect is Effect.DEPARTMENTS:
            import_rules(session, rules_of(found.annex, document), datetime.now(UTC))
        elif not keep_list(session, list_of(found, document, today())):
            return replace(completion, known_since=today())
        note_change(session, f"+ {ImportedList.identity_of(document.number, document.region)}")
    return replace(completion, imported=True)


def undo_all(config: Path | None) -> None:
    """Take back every imported list, and the routing rules of the annexes that name departments."""
    with changing(config) as session:
        names = [each for each in identities(session) if forget_list(session, each)]
        tables = [each.number for each in official_documents() if each.effect is Effect.DEPARTMENTS]
        names += [number for number in tables if forget_rules(session, number)]
        for name in names:
            note_change(session, f"- {name}")
    typer.echo(f"已撤销{len(names)}份清单的导入：{'、'.join(names) or '无'}。")


def _wanted(numbers: Sequence[str], regions: Sequence[str]) -> list[OfficialDocument]:
    """The documents to complete; a usage error where one is not known."""
    lists = [each for each in official_documents() if each.effect is not Effect.APPROVALS]
    lists = [each for each in lists if not each.region or not regions or each.region in regions]
    if not numbers:
        return lists
    wanted = {normalise_number(number) for number in numbers}
    if unknown := wanted - {each.number for each in lists}:
        known = "、".join(each.number for each in lists)
        raise typer.BadParameter(f"没有 {min(unknown)}；有：{known}", param_hint="--document")
    return [each for each in lists if each.number in wanted]


def _given(pairs: Sequence[str]) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for pair in pairs:
        number, equals, url = pair.partition("=")
        if not (equals and url.lower().startswith(("http://", "https://"))):
            raise typer.BadParameter(f"“{pair}”请写成 人社部发〔2017〕68号=https://…", param_hint="--address")
        given.setdefault(normalise_number(number), []).append(url)
    return given


@contextlib.contextmanager
def _fetching(settings: Settings) -> Iterator[Fetcher]:
    """The program's own fetcher: its pace is shared with a daemon beside it, its limits are the same."""
    with shared_turns(settings) as turns:
        fetcher = Fetcher(settings.fetching, turns=turns)
        try:
            yield fetcher
        finally:
            fetcher.close()


@contextlib.contextmanager
def _progress(
    documents: Sequence[OfficialDocument],
) -> Iterator[Callable[[OfficialDocument, str], None]]:
    """A bar on a terminal, and what is being asked; nothing elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=len(documents))
        order = {(each.number, each.region): number for number, each in enumerate(documents)}

        def tell(document: OfficialDocument, address: str) -> None:
            done = order[document.number, document.region]
            asked = displayable(address, limit=60)
            progress.update(task, completed=done, description=f"{document.number} {escape(asked)}")

        yield tell
        progress.update(task, completed=len(documents))


def _report(done: Sequence[Completion], wish: Wish) -> None:
    catalogue = load_catalogue(lists_of(wish.config))
    if wish.output is Format.JSON:
        rows = [_to_json(each, catalogue) for each in done]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    show_table(
        ("文件", "结果", "读到/应有", *(change.value for change in Change), "来源"),
        [_row(each) for each in done],
    )
    for completion in done:
        for line in _details(completion, catalogue):
            typer.echo(line)
    waiting = sum(completion.found is not None and not completion.imported for completion in done)
    if waiting and not wish.accept:
        typer.echo(f"{waiting}份核对无误，尚未导入；加 --accept 导入。")


def _row(completion: Completion) -> tuple[str, ...]:
    found = completion.found
    counts = Counter(each.change for each in found.proposed) if found else Counter[Change]()
    read = f"{found.annex.count}/{completion.document.items}" if found else f"-/{completion.document.items}"
    return (
        completion.document.number,
        _result(completion),
        read,
        *(str(counts[change]) if found else "" for change in Change),
        displayable(found.source.name, limit=200) if found else "",
    )


def _result(completion: Completion) -> str:
    if completion.known_since is not None:
        return f"已于{chinese_day(completion.known_since)}导入"
    if completion.imported:
        return "已导入"
    if completion.found is None:
        return "未能取得"
    return "有冲突，待核对" if completion.conflicts else "核对无误，未导入"


def _details(completion: Completion, catalogue: Catalogue) -> Iterator[str]:
    """What a person has to know of a document beyond its row."""
    number = completion.document.number
    if completion.failed:
        yield displayable(f"{number}：{advise(completion)}", limit=2_000)
    if completion.conflicts:
        names = "、".join(completion.conflicts)
        accept = "" if completion.imported else "；核对后加 --accept-conflicts 导入"
        yield displayable(f"{number}：与已公布的文件冲突：{names}{accept}。", limit=2_000)
    found = completion.found
    if found and found.source.recognised:
        confirm = (
            f"qualwatch catalogue confirm {ImportedList.identity_of(number, completion.document.region)}"
        )
        yield f"{number}：由图片识别得到，每行须与原件核对后才算已公布：{confirm}"
    absent = absentees(found.proposed, completion.document, catalogue) if found else []
    if found and completion.document.effect is not Effect.DEPARTMENTS and absent:
        yield displayable(f"{number}：附件中没有而现有数据归于此文件的：{'、'.join(absent)}。", limit=2_000)


def _to_json(completion: Completion, catalogue: Catalogue) -> dict[str, Any]:
    found, document = completion.found, completion.document
    return {
        "document": document.number,
        "region": document.region,
        "result": _result(completion),
        "imported": completion.imported,
        "read": found.annex.count if found else None,
        "items": document.items,
        "source": found.source.name if found else "",
        "digest": found.source.digest if found else "",
        "changes": [
            {"change": each.change.name.lower(), "name": each.item.name, "before": each.before}
            for each in (found.proposed if found else ())
        ],
        "conflicts": completion.conflicts,
        "absent": absentees(found.proposed, document, catalogue) if found else [],
        "attempts": [
            {"address": attempt.address, "problem": attempt.problem} for attempt in completion.attempts
        ],
        "advice": advise(completion) if completion.failed else "",
    }
