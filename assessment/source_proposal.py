"""Looking at a site and proposing how to watch it: what is shown before a source is added."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from html import unescape
from typing import Literal
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from assessment.lists import read_list
from assessment.reading import Answer, ReadingError
from assessment.site_names import region_named, region_of_most, site_name
from assessment.workers import WorkError, Workers
from crawling.fetching.advice import advice
from crawling.fetching.fetcher import Fetcher
from crawling.fetching.model import Access, Fetched, FetchError
from crawling.listing.addresses import registered_site
from crawling.listing.forms import FORMS
from crawling.listing.model import ListPage, NoteKind
from extraction.charset import decode
from settings.model import Settings
from settings.sources import Listing, Selectors, Source, SourceKind
from storage.host_pace import HostTurns
from vocabulary.areas import region_name
from vocabulary.codes import FoundBy, Outcome, PageKind
from vocabulary.names import names_of
from vocabulary.reasons import reason_in_chinese

ITEMS_SHOWN = 10
SURE_ENOUGH = 0.6
"""Below it people are asked to look twice."""
_FEED = re.compile(
    r"<link\b[^>]{0,500}\btype=[\"']application/(?:rss|atom)\+xml[\"'][^>]{0,500}>", re.IGNORECASE
)
_HREF = re.compile(r"\bhref=[\"']([^\"']{1,2000})[\"']", re.IGNORECASE)
_PAGE_TITLE = re.compile(r"<title\b[^<>]{0,200}>([^<]{1,300})", re.IGNORECASE)
_SAYS_LITTLE = 8
"""Characters of a title that many sites have: 通知公告, 招标公告."""
_MOST_FEEDS = 3
_HEAD = 64 * 1024
"""Characters in which a page names its feeds."""
_KINDS: tuple[tuple[SourceKind, re.Pattern[str]], ...] = (
    (SourceKind.TENDERS, re.compile(r"采购|招标|中标|投标|招投标|交易(?:公告|信息|中心|平台)|公共资源")),
    (SourceKind.PERMIT_GUIDES, re.compile(r"办事指南|服务指南|行政许可|审批事项")),
    (SourceKind.JOBS, re.compile(r"招聘|招考|招录|岗位|职位|求职")),
)
_GENERIC_LABELS = frozenset({"www", "com", "cn", "gov", "org", "net", "edu", "localhost"})


@dataclass(frozen=True, slots=True)
class Proposal:
    """A source that could be written, and what was seen of it."""

    source: Source
    page: ListPage
    charset: str
    paging: str
    """How the list goes on, as people are told."""
    remark: str = ""
    """Where the list was found instead of at the address given, in Chinese."""

    @property
    def has_items(self) -> bool:
        """Whether there is anything to read, here or in the lists that this one consists of."""
        return bool(self.page.items or self.page.parts)

    @property
    def lacks_addresses(self) -> bool:
        """Whether there are rows, and only the address that each of them opens is to be filled in by hand."""
        return not self.has_items and self.page.has_note(NoteKind.ROWS_WITHOUT_ADDRESS)

    @property
    def is_sure(self) -> bool:
        return self.page.sureness >= SURE_ENOUGH

    def lines(self) -> Iterator[str]:
        """What people should see before they say yes, in Chinese; nothing in it can steer a terminal."""
        for line in self._lines():
            yield "".join(letter if letter.isprintable() else "\ufffd" for letter in line)

    def _lines(self) -> Iterator[str]:
        items, page, source = self.page.items, self.page, self.source
        dated = sum(item.published_on is not None for item in items)
        yield f"列表：{page.url}"
        yield f"  标题：{source.title or '无'}；编码：{self.charset or '不明'}；robots.txt：未禁止访问"
        if source.region:
            yield f"  地区：{region_name(source.region)}（按网站名称或条目标题，不对请用 --region 指定）"
        how = names_of(FoundBy)[FoundBy(page.found_by)]
        yield f"  形式：{how}，{len(items)} 条，其中 {dated} 条有日期，把握 {page.sureness:.0%}"
        yield f"  翻页：{self.paging}"
        for item in items[:ITEMS_SHOWN]:
            yield f"  {item.published_on or '日期不明'}  {item.title or '无标题'}  {item.url}"
        if self.remark:
            yield f"  注意：{self.remark}"
        for note in page.notes:
            yield f"  {reason_in_chinese(str(note))}"
        if not self.is_sure:
            yield "  把握不大，请核对以上条目；不对时在 [sources.selectors] 填写 items，"
            yield f"  再用 qualwatch source test {source.name} 检查。"


class LookError(Exception):
    """Nothing can be proposed for the address; the message says why and what to do, in Chinese."""


def propose_source(
    url: str,
    settings: Settings,
    *,
    turns: HostTurns | None,
    workers: Workers | None = None,
    name: str = "",
    title: str = "",
    browser: bool = False,
) -> Proposal:
    """Look at ``url``, or at the feed or sitemap of its site where it shows no items.

    Nothing is kept. ``turns`` are those that the daemon keeps to as well; None where there is no database.
    ``workers``: of the caller's, which go on; None: own ones.
    Raises :class:`LookError` where ``url`` cannot be read or ``name`` is no name.
    """
    name = name or free_name(url, {source.name for source in settings.sources})
    given = _given({"name": name, "url": url, "title": title, "browser": browser})
    fetcher = Fetcher(settings.fetching, turns=turns)
    working = workers or Workers.configured(settings.detection)
    try:
        today = datetime.now(ZoneInfo(settings.time_zone)).date()
        return _Look(fetcher, working, Access.to(given), today).propose(given)
    except (FetchError, ReadingError) as error:
        raise LookError(
            f"{url}：{reason_in_chinese(error.detail)}。{advice(error.outcome, error.detail)}"
        ) from error
    except WorkError as error:
        raise LookError(f"{url}：{reason_in_chinese(str(error))}。{advice(Outcome.TIMEOUT)}") from error
    finally:
        if workers is None:
            working.abort()
        fetcher.close()


def _given(written: Mapping[str, str | bool]) -> Source:
    """The source as it was asked for; raises :class:`LookError` where it can be none."""
    try:
        return Source.model_validate(written)
    except ValueError as error:  # pydantic's own among them
        raise LookError(
            "地址须以 http:// 或 https:// 开头；代号只用小写字母、数字、- 和 _，最多 40 个字符"
        ) from error


def free_name(url: str, taken: Container[str]) -> str:
    """A name from the address that none has yet: ``rsj.fuzhou.gov.cn`` → ``fuzhou-rsj``."""
    host = urlsplit(url).hostname or "source"
    site = registered_site(host)
    labels = [*site.split("."), *host.removesuffix(site).strip(".").split(".")]
    telling = [re.sub(r"[^a-z0-9-]", "", label.lower()) for label in labels if label not in _GENERIC_LABELS]
    base = "-".join(label for label in telling if label).strip("-")[:34] or "source"
    number = 1
    while (name := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return name


@dataclass(frozen=True, slots=True)
class _Look:
    fetcher: Fetcher
    workers: Workers
    access: Access
    today: date

    def propose(self, given: Source) -> Proposal:
        fetched, page = self._read(str(given.url))
        remark = ""
        if not page.items and not page.has_note(NoteKind.ROWS_WITHOUT_ADDRESS) and page.found_by != "sitemap":
            frame = self._first_list(page.parts)
            other = frame or self._first_list(_other_lists(fetched))
            if other is not None:
                where = "该页框架中的" if frame is not None else "该站的"
                remark = f"所给地址没有读到条目，以上是{where} {other[1].url}；数据接口请填写 sources.listing"
                fetched, page = other[0], replace(other[1], title=other[1].title or page.title)
        markup, charset = decode(fetched.body, fetched.charset)
        source = _described(given, replace(page, title=page.title or self._front_title(page.url)), markup)
        return Proposal(source, page, charset, self._paging(page), remark)

    def _front_title(self, url: str) -> str:
        """The title of the site's front page, for lists that are data and have none."""
        try:
            fetched = self.fetcher.fetch(urljoin(url, "/"), kind=PageKind.LIST, access=self.access)
        except FetchError:
            return ""
        title = _PAGE_TITLE.search(decode(fetched.body, fetched.charset)[0][:_HEAD])
        return " ".join(unescape(title[1]).split())[:80] if title else ""

    def _first_list(self, addresses: Iterable[str]) -> tuple[Fetched, ListPage] | None:
        for address in addresses:
            try:
                fetched, page = self._read(address)
            except (FetchError, ReadingError, WorkError):
                continue
            if page.items or page.parts:
                return fetched, page
        return None

    def _read(self, url: str) -> tuple[Fetched, ListPage]:
        fetched = self.fetcher.fetch(url, kind=PageKind.LIST, access=self.access)
        answer = Answer(fetched.body, fetched.media_type, fetched.charset)
        page = self.workers.run(read_list, answer, fetched.final_url, Selectors(), Listing(), self.today)
        return fetched, page

    def _paging(self, page: ListPage) -> str:
        """What the next page shows when it is asked for."""
        if page.parts:
            return f"索引，含 {len(page.parts)} 个列表"
        if not page.next_pages:
            return "没有找到下一页"
        url = page.next_pages[0]
        try:
            _, following = self._read(url)
        except (FetchError, ReadingError, WorkError) as error:
            return f"下一页 {url} 读取失败：{reason_in_chinese(error.detail)}"
        met = {item.url for item in page.items}
        fresh = sum(item.url not in met for item in following.items)
        return f"下一页 {url}，有 {fresh} 条新内容" if fresh else f"下一页 {url} 没有新内容"


def _other_lists(fetched: Fetched) -> list[str]:
    """Feeds that a page names, and its site's map."""
    markup, _ = decode(fetched.body, fetched.charset)
    hrefs = [_HREF.search(link) for link in _FEED.findall(markup[:_HEAD])[:_MOST_FEEDS]]
    feeds = [urljoin(fetched.final_url, found[1].replace("&amp;", "&")) for found in hrefs if found]
    return [*feeds, urljoin(fetched.final_url, "/sitemap.xml")]


def _described(given: Source, page: ListPage, markup: str = "") -> Source:
    """``given`` with what the page, its site and its address tell."""
    site = site_name(markup)
    title = given.title or _title(page.title, site)
    kind = _kind(f"{title} {page.title}", [item.title for item in page.items])
    form = page.found_by if page.found_by in FORMS else "auto"
    is_public = (given.url.host or "").endswith(".gov.cn")
    # Whoever asks for bids may be a company, on a site of the government too.
    publisher: Literal["public_body"] | None = (
        "public_body" if is_public and kind is not SourceKind.TENDERS else None
    )
    region = given.region or (region_named(f"{site} {title}") if is_public else "")
    region = region or (region_of_most([item.title for item in page.items]) if is_public else "")
    described = given.model_dump(mode="json", exclude_defaults=True) | {
        "url": page.url,
        "title": title,
        "kind": kind,
        "region": region or None,
        "publisher_kind": publisher,
        "listing": {"form": form},
    }
    return Source.model_validate(described)


def _title(own: str, site: str) -> str:
    """What people may call the list: its own title, behind the site's name where that says little."""
    own = own.strip()[:80]
    if not own or not site or site in own:
        return own or site
    return f"{site}　{own}" if len(own) <= _SAYS_LITTLE else own


def _kind(title: str, items: Sequence[str]) -> SourceKind:
    """By the list's own title, else by what most of its items say."""
    for kind, pattern in _KINDS:
        if pattern.search(title):
            return kind
    for kind, pattern in _KINDS:
        if items and sum(pattern.search(item) is not None for item in items) * 2 > len(items):
            return kind
    return SourceKind.NOTICES
