"""What stands where in data: the list of records, and its fields by what they are called and hold."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from crawling.listing.dates import Printed, day_in_china, first_date, printed_day
from settings.sources import Listing

Record = dict[str, Any]
_FIELDS_DEEP = 3
"""Levels of a record in which its fields are looked for: search services wrap it in ``_source``."""
_FEWEST_KEYED = 3
_LONGEST_DAY = 12
_DEEPEST = 8
"""Levels below which no list is looked for."""
_MOST_LOOKED_AT = 20_000
_LOOKED_AT = 20
"""Records by which a field is judged."""
_LONGEST_STRING = 4 * 2**20
_TITLES = (
    *(
        "title",
        "name",
        "subject",
        "doctitle",
        "infotitle",
        "biaoti",
        "jobname",
        "postname",
        "noticetitle",
        "newstitle",
    ),
    *(
        "articletitle",
        "bt",
        "gwmc",
        "zwmc",
        "positionname",
        "jobtitle",
        "headline",
        "caption",
        "topic",
        "projectname",
    ),
    *("标题", "名称", "公告标题", "信息标题", "岗位名称", "职位名称"),
)
_LINKS = (
    *(
        "url",
        "link",
        "href",
        "docpuburl",
        "linkurl",
        "infourl",
        "detailurl",
        "pageurl",
        "pagelink",
        "htmlurl",
    ),
    *("weburl", "visiturl", "viewurl", "puburl", "arturl", "urlpath", "linkto", "jumpurl", "joburl"),
    *("链接", "网址", "地址", "详情链接"),
)
_DATES = (
    *("publishdate", "pubdate", "publishtime", "date", "releasetime", "docreltime", "pubtime", "releasedate"),
    *("publisheddate", "infodate", "showdate", "senddate", "sendtime", "noticesendtime", "issuetime"),
    *(
        "publishedtime",
        "displaydate",
        "displaytime",
        "displaypublishtime",
        "showtime",
        "docpubtime",
        "webdate",
    ),
    *("publishat", "publishedat", "releasedat", "postedat", "pubat", "firstpublishtime"),
    *("fbsj", "fbrq", "发布时间", "发布日期", "公布日期", "日期", "时间"),
)
"""What the day of publication is called."""
_MADE_DATES = (
    *(
        "writetime",
        "createdate",
        "createtime",
        "createdat",
        "time",
        "addtime",
        "adddate",
        "inputtime",
        "ctime",
    ),
    *("updatetime", "updatedate", "updatedat"),
)
"""What the day is called on which a record was written: of use where no other is given."""
_MADE = re.compile(r"creat|add|input|ctime|write|updat|modif|import|sync")
_DATE_KEY = re.compile(r"date|time|rq$|sj$|day")
_NOT_THE_DAY = re.compile(r"end|expire|deadline|stop|close|start|begin|click|birth|valid|modif|del|stamp$|jz")
_NOT_THE_LINK = re.compile(r"img|image|pic|logo|icon|thumb|photo|cover|video|audio|avatar")
_ADDRESS = re.compile(
    r"(?:https?:/)?/[^\s<>]{2,}|[\w%./-]+\.(?:s?html?|jspx?|aspx?|php|do|pdf|docx?)(?:\?\S*)?", re.IGNORECASE
)
_PICTURE = re.compile(r"(?i)\.(?:png|jpe?g|gif|svg|webp|ico|mp4)$")
_OF_NET = re.compile(r"^/Date\((\d{10,13})(?:[+-]\d{4})?\)/$")
"""How .NET writes a moment."""
_CHINA = timedelta(hours=8)
"""Moments counted in seconds name a day where the publisher is."""
_TOTALS = (
    "total",
    "totalcount",
    "records",
    "recordcount",
    "rowcount",
    "totalrecords",
    "totalelements",
    "totalnum",
    "count",
)


def unpacked_strings(content: object) -> object:
    """``content``, with JSON that stands inside its strings read as well, as some services wrap it."""
    found, _ = _unpacked(content, _DEEPEST, 0)
    return found


def _unpacked(value: object, depth: int, seen: int) -> tuple[object, int]:
    if seen > _MOST_LOOKED_AT or not depth:
        return value, seen
    if isinstance(value, dict):
        pairs = {}
        for key, each in value.items():
            pairs[key], seen = _unpacked(each, depth - 1, seen + 1)
        return pairs, seen
    if isinstance(value, list):
        items = []
        for each in value:
            inner, seen = _unpacked(each, depth - 1, seen + 1)
            items.append(inner)
        return items, seen
    if isinstance(value, str) and value[:1] in {"{", "["} and len(value) < _LONGEST_STRING:
        try:
            return _unpacked(json.loads(value), depth - 1, seen + 1)
        except (ValueError, RecursionError):
            return value, seen
    return value, seen


def longest_list(content: object, title: str = "") -> list[Record]:
    """The longest list of records that have a title; interfaces wrap it in an envelope or two.

    ``title`` is the configured path of the title; empty: one of the usual names.
    """
    best: list[Record] = []
    waiting: deque[tuple[object, int]] = deque([(content, 0)])
    for _ in range(_MOST_LOOKED_AT):
        if not waiting:
            break
        value, depth = waiting.popleft()
        inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        records = _alike(value, inner)
        if len(records) > len(best) and (at_path(records[0], title) if title else _title_field(records)):
            best = records
        if depth < _DEEPEST:
            below = islice(inner, _MOST_LOOKED_AT)
            waiting.extend((each, depth + 1) for each in below if isinstance(each, dict | list))
    return best


def _alike(value: object, inner: list[Any]) -> list[Record]:
    """The records of a list, or of an object that has one under each number: ``{"101": {…}, "102": {…}}``."""
    records = [record for record in inner if isinstance(record, dict)]
    if isinstance(value, list):
        return records
    is_keyed = len(records) >= _FEWEST_KEYED and len(records) == len(inner)
    return records if is_keyed and len({frozenset(record) for record in records}) == 1 else []


def counted(content: object) -> int:
    """How many records an answer says that there are; 0 where it does not."""
    numbers = [
        int(value)
        for layer in _layers(content)
        for key, value in layer.items()
        if str(key).lower().replace("_", "") in _TOTALS and str(value).isdecimal() and len(str(value)) < 10
    ]
    return max(numbers, default=0)


def _layers(content: object) -> list[Record]:
    layers, waiting = [], [content]
    for _ in range(3):
        waiting = [each for each in waiting if isinstance(each, dict)]
        layers += waiting
        waiting = [inner for each in waiting if isinstance(each, dict) for inner in each.values()]
    return [layer for layer in layers if isinstance(layer, dict)]


def at_path(value: object, path: str) -> object:
    """What stands at a dotted path, numbers counting in lists; None where nothing does."""
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step[:6]) < len(value):
            value = value[int(step[:6])]
        else:
            return None
    return value


def guess_fields(records: list[Record], listing: Listing) -> Listing:
    """``listing`` with the fields that it leaves open, by what the records call them and hold in them."""
    return listing.model_copy(
        update={
            "title": listing.title or _title_field(records),
            "link": listing.link or _link_field(records),
            "date": listing.date or _date_field(records),
        }
    )


def _title_field(records: list[Record]) -> str:
    named = _named(records, _TITLES, _is_said)
    return (
        named
        or next(
            (
                key
                for plain, key in plain_fields(records[0]).items()
                if plain.endswith(("title", "subject", "biaoti"))
            ),
            "",
        )
        if records
        else ""
    )


def _link_field(records: list[Record]) -> str:
    """By its name, a record's own fields first; else what holds addresses, one for each record."""
    for levels in (1, _FIELDS_DEEP):
        if named := _named(records, _LINKS, _is_said, (levels,), tells_apart=True):
            return named
        keys = plain_fields(records[0], levels).items() if records else ()
        for plain, key in keys:
            is_link = not _NOT_THE_LINK.search(plain) and _mostly(records, key, is_address)
            if is_link and _tells_apart(records, key):
                return key
    return ""


def _is_said(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _tells_apart(records: list[Record], key: str) -> bool:
    """Whether a field differs from record to record: a document's address does, a company's does not."""
    looked_at = records[:_LOOKED_AT]
    values = {str(at_path(record, key)) for record in looked_at}
    return len(looked_at) < _FEWEST_KEYED or len(values) * 2 > len(looked_at)


def _date_field(records: list[Record]) -> str:
    keys = [
        key
        for plain, key in (plain_fields(records[0]) if records else {}).items()
        if _DATE_KEY.search(plain) and not _NOT_THE_DAY.search(plain) and not _MADE.search(plain)
    ]
    return (
        _named(records, _DATES, _is_day)
        or next((key for key in keys if _mostly(records, key, _is_day)), "")
        or _named(records, _MADE_DATES, _is_day)
    )


def _is_day(value: object) -> bool:
    return json_date(value) is not None or short_day(value) is not None


def short_day(value: object) -> Printed | None:
    """The day of ``11-05``, whose year is told by the order of the records."""
    return printed_day("", value, "") if isinstance(value, str) and len(value) <= _LONGEST_DAY else None


def is_address(value: object) -> bool:
    """Whether a value is the address of a page or file."""
    return isinstance(value, str) and bool(_ADDRESS.fullmatch(value.strip())) and not _PICTURE.search(value)


def _named(
    records: list[Record],
    names: tuple[str, ...],
    holds: Callable[[object], bool],
    depths: tuple[int, ...] = (1, _FIELDS_DEEP),
    *,
    tells_apart: bool = False,
) -> str:
    """The records' key that is called like one of ``names``, in whatever case, and mostly holds such.

    ``depths``: a record's own fields come before those of what it holds.
    """
    if not records:
        return ""
    for levels in depths:
        plain = plain_fields(records[0], levels)
        found = (plain[name] for name in names if name in plain and _mostly(records, plain[name], holds))
        if path := next((key for key in found if not tells_apart or _tells_apart(records, key)), ""):
            return path
    return ""


def plain_fields(record: Record, levels: int = _FIELDS_DEEP) -> dict[str, str]:
    """Paths of a record's fields by their names in small letters, as far down as ``levels``."""
    plain: dict[str, str] = {}
    inside: list[tuple[str, Record]] = [("", record)]
    for level in range(levels):
        below: list[tuple[str, Record]] = []
        for path, fields in inside:
            for key, value in fields.items():
                name = str(key).lower().replace("_", "").replace("-", "")
                plain.setdefault(name, f"{path}{key}")
                if isinstance(value, dict) and "." not in str(key):
                    below.append((f"{path}{key}.", value))
                    if level == 0 and len(value) == 1:  # {"title": {"cn": …}}
                        only = next(iter(value))
                        plain[name] = f"{path}{key}.{only}"
        inside = below
    return plain


def _mostly(records: list[Record], key: str, holds: Callable[[object], bool]) -> bool:
    looked_at = records[:_LOOKED_AT]
    return sum(holds(at_path(record, key)) for record in looked_at) * 2 >= len(looked_at)


def words_of(value: object) -> str:
    """A string or number as one line of text; empty for everything else."""
    return (
        " ".join(str(value).split()) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    )


def json_date(value: object) -> date | None:
    """The day of ``2026-11-05 09:00``, ``20261105``, or a moment in seconds or milliseconds since 1970."""
    if isinstance(value, dict):  # Java's Date, or a field that keeps its words beside
        value = value.get("time") or value.get("value")
    if isinstance(value, str):
        value = _OF_NET.sub(r"\1", value)
        if found := day_in_china(value) or first_date(value):
            return found
        value = int(value) if value.isdecimal() and len(value) in {10, 13} else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if found := first_date(str(value)):  # 20261105 as a number
        return found
    seconds = value / 1000 if value > 1e11 else value
    if not 3e8 < seconds < 7e9:  # 1979 to 2191: anything else counts something else
        return None
    return (datetime.fromtimestamp(seconds, UTC) + _CHINA).date()
