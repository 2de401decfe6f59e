"""A visit that keeps nothing and shows its steps: what ``qualwatch source test`` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from assessment.archives import ArchiveReading
from assessment.lists import read_list
from assessment.reading import Answer, Assessment, Known, ReadingError
from assessment.recognising import Recogniser, read_in_workers
from assessment.workers import WorkError, Workers
from catalogue.imported import ImportedLists
from cli.common import shared_turns
from cli.imported import lists_or_none
from crawling.fetching.advice import advice
from crawling.fetching.fetcher import Fetcher
from crawling.fetching.model import Access, FetchError
from crawling.listing.addresses import is_attachment
from crawling.listing.model import Item, ListPage, Note, told
from crawling.listing.walk import ListWalk
from crawling.listing.years import continued
from jobs.visits.answers import file_name
from settings.model import Settings
from settings.sources import Source
from vocabulary.codes import FoundBy, Outcome, PageKind, PublisherKind
from vocabulary.names import name_of
from vocabulary.reasons import reason_in_chinese

_ITEMS_SHOWN = 10
_PAGES_READ = 2
"""Of the list, to show that paging works."""
_ATTACHMENTS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried."""

    text: str
    is_well: bool = True


@dataclass(slots=True)
class Tried:
    """What a dry visit came to, for programs; complete once all of its steps were taken."""

    outcome: Outcome = Outcome.OK
    detail: str = ""
    page: ListPage | None = None
    """The list's first page that has items, else its first page; None where it could not be read."""
    notes: tuple[Note, ...] = ()
    document: dict[str, Any] | None = None
    """What was read of the first item."""

    def note(self, page: ListPage) -> None:
        if self.page is None or (page.items and not self.page.items):
            self.page = page
        self.notes += tuple(note for note in page.notes if note not in self.notes)

    def record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        page = self.page
        items = page.items if page is not None else ()
        return {
            "outcome": self.outcome.value,
            "detail": self.detail,
            "list": {
                "url": page.url if page is not None else "",
                "title": page.title if page is not None else "",
                "found_by": page.found_by if page is not None else "nothing",
                "sureness": page.sureness if page is not None else 0.0,
                "items": [
                    {
                        "url": item.url,
                        "title": item.title,
                        "published_on": item.published_on.isoformat() if item.published_on else None,
                        "year_inferred": item.is_year_inferred,
                    }
                    for item in items
                ],
                "next": list(page.next_pages) if page is not None else [],
                "parts": list(page.parts) if page is not None else [],
                "note": told(self.notes),
                "notes": [{"kind": note.kind.value, "detail": note.detail} for note in self.notes],
            },
            "document": self.document,
        }


def dry_visit(
    source: Source, settings: Settings, own_hosts: Iterable[str] = (), tried: Tried | None = None
) -> Iterator[Step]:
    """Read the list of ``source``, its next page and the first item, without database or evidence.

    ``own_hosts`` are served by the daemon itself; ``tried`` is told what the visit comes to.
    """
    imported = lists_or_none(settings)
    with shared_turns(settings) as turns:
        fetcher = Fetcher(settings.fetching, own_hosts=own_hosts, turns=turns)
        workers = Workers.configured(settings.detection)
        recogniser = Recogniser.configured(settings.detection)
        try:
            visit = _DryVisit(source, fetcher, workers, recogniser, settings, imported, tried or Tried())
            yield from visit.steps()
        finally:
            workers.abort()
            if recogniser is not None:
                recogniser.workers.abort()
            fetcher.close()


@dataclass(frozen=True, slots=True)
class _DryVisit:
    source: Source
    fetcher: Fetcher
    workers: Workers
    recogniser: Recogniser | None
    settings: Settings
    imported: ImportedLists
    tried: Tried

    @property
    def today(self) -> date:
        return datetime.now(ZoneInfo(self.settings.time_zone)).date()

    def steps(self) -> Iterator[Step]:
        first: Item | None = None
        for remark in Access.to(self.source).remarks:
            yield Step(f"该来源的例外：{remark}")
        walk = ListWalk(str(self.source.url), page_limit=_PAGES_READ, item_limit=self.source.item_limit)
        number, previous = 0, None
        while url := walk.next_url():
            number += 1
            try:
                page, drawn_by = self._read_list(url)
            except (FetchError, ReadingError, WorkError) as error:
                self._failed(error, is_list=number == 1)
                yield _failure(f"列表第{number}页 {url}", error)
                return
            page = previous = continued(page, previous)
            self.tried.note(page)
            yield from _list_steps(number, page)
            if drawn_by:
                yield Step(f"  由 {drawn_by} 运行页面脚本后读取")
            first = first or (page.items[0] if page.items else None)
            walk.take(page)
        if first is None:
            self.tried.outcome, self.tried.detail = Outcome.EMPTY, told(self.tried.notes)
            yield Step(advice(Outcome.EMPTY, self.tried.detail), is_well=False)
            return
        yield from self._document_steps(first)

    def _failed(self, error: FetchError | ReadingError | WorkError, *, is_list: bool) -> None:
        if is_list:
            self.tried.outcome = Outcome.TIMEOUT if isinstance(error, WorkError) else error.outcome
            self.tried.detail = str(error) if isinstance(error, WorkError) else error.detail

    def _read_list(self, url: str) -> tuple[ListPage, str]:
        """The list page, and the browser that drew it."""
        fetched = self.fetcher.fetch(url, kind=PageKind.LIST, access=Access.to(self.source))
        answer = Answer(fetched.body, fetched.media_type, fetched.charset)
        page = self.workers.run(
            read_list, answer, fetched.final_url, self.source.selectors, self.source.listing, self.today
        )
        return page, fetched.drawn_by

    def _document_steps(self, item: Item) -> Iterator[Step]:
        try:
            reading = self._read_document(item)
        except (FetchError, ReadingError, WorkError) as error:
            failure = _failure(f"第一条 {item.url}", error)
            self.tried.document = {"url": item.url, "error": failure.text}
            yield failure
            return
        self.tried.document = _document_record(item.url, reading)
        if not isinstance(reading, ArchiveReading):
            yield from _reading_steps(f"第一条 {item.url}", reading)
            return
        yield Step(f"第一条 {item.url}：压缩包，含 {len(reading.members)} 个文件")
        for member in reading.members[:_ATTACHMENTS_SHOWN]:
            if member.reading is not None:
                yield from _reading_steps(member.known.title, member.reading)
            else:
                yield _failure(member.known.title, ReadingError(member.outcome, member.detail))

    def _read_document(self, item: Item) -> Assessment | ArchiveReading:
        attached = is_attachment(item.url)
        kind = PageKind.ATTACHMENT if attached else PageKind.PAGE
        fetched = self.fetcher.fetch(item.url, kind=kind, access=Access.to(self.source))
        known = Known(
            item.url,
            title=item.title,
            published_on=item.published_on,
            day_from=item.day_from,
            publisher_kind=PublisherKind(self.source.publisher_kind) if self.source.publisher_kind else None,
            region=self.source.region,
            is_attachment=attached,
        )
        answer = Answer(fetched.body, fetched.media_type, fetched.charset, file_name(fetched))
        return read_in_workers(
            self.workers, self.recogniser, answer, known, self.today, imported=self.imported
        )


def _document_record(url: str, reading: Assessment | ArchiveReading) -> dict[str, Any]:
    if isinstance(reading, ArchiveReading):
        return {"url": url, "members": [member.known.title for member in reading.members]}
    return {
        "url": url,
        "title": reading.title,
        "publisher": reading.publisher,
        "published_on": reading.published_on.isoformat() if reading.published_on else None,
        "characters": len(reading.text),
        "attachments": [{"url": link.url, "text": link.text} for link in reading.attachments],
    }


def _reading_steps(what: str, reading: Assessment) -> Iterator[Step]:
    facts, result = reading.result.facts, reading.result
    yield Step(f"{what}：{len(reading.text)} 字，{reading.media_type} {reading.charset}")
    yield Step(
        f"  标题：{reading.title}；发布：{reading.publisher or '—'}，{reading.published_on or '日期不明'}"
    )
    kinds = f"文种 {name_of(facts.document_kind)}，发布方 {name_of(facts.publisher_kind)}"
    yield Step(f"  {kinds}，按 {result.as_of} 的目录判断")
    yield Step(f"  提及证书 {len(result.mentions)} 处，违规 {len(result.findings)} 处")
    for finding in result.findings:
        yield Step(f"    {name_of(finding.severity)} {finding.quote}：{finding.explanation}")
    for link in reading.attachments[:_ATTACHMENTS_SHOWN]:
        yield Step(f"  附件 {link.text} {link.url}")


def _list_steps(number: int, page: ListPage) -> Iterator[Step]:
    how = name_of(FoundBy(page.found_by))
    yield Step(f"列表第{number}页 {page.url}：{page.title or '无标题'}")
    is_well = bool(page.items or page.parts)
    yield Step(f"  {len(page.items)} 条（{how}，把握 {page.sureness:.0%}）", is_well=is_well)
    for item in page.items[:_ITEMS_SHOWN]:
        yield Step(f"  {item.published_on or '日期不明'}  {item.title}  {item.url}")
    if page.parts:
        yield Step(f"  索引，含 {len(page.parts)} 个列表，第一个：{page.parts[0]}")
        return
    following = page.next_pages[0] if page.next_pages else "没有"
    yield Step(f"  下一页：{following}")
    for note in page.notes:
        yield Step(f"  {reason_in_chinese(str(note))}", is_well=False)


def _failure(what: str, error: FetchError | ReadingError | WorkError) -> Step:
    outcome = Outcome.TIMEOUT if isinstance(error, WorkError) else error.outcome
    detail = str(error) if isinstance(error, WorkError) else error.detail
    return Step(
        f"{what}：{name_of(outcome)}，{reason_in_chinese(detail)}\n    {advice(outcome, detail)}",
        is_well=False,
    )
