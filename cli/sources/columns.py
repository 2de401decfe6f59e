"""What the cells of a table of sources mean: headings, kinds and regions as offices write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from assessment.source_proposal import free_name
from cli.sources.files import Row, TableError
from settings.errors import Given, explain
from settings.sources import Source, SourceKind
from vocabulary.regions import known_regions, region_code

_HEADINGS = {
    "代号": "name",
    "编号": "name",
    "名称": "title",
    "来源": "title",
    "来源名称": "title",
    "网站": "title",
    "网站名称": "title",
    "单位": "title",
    "单位名称": "title",
    "栏目": "title",
    "栏目名称": "title",
    "标题": "title",
    "网址": "url",
    "地址": "url",
    "网站地址": "url",
    "链接": "url",
    "列表页": "url",
    "link": "url",
    "website": "url",
    "类型": "kind",
    "类别": "kind",
    "地区": "region",
    "区域": "region",
    "所在地": "region",
    "行政区划": "region",
    "区划代码": "region",
    "行政区划代码": "region",
    "发布单位类型": "publisher_kind",
    "单位性质": "publisher_kind",
    "间隔": "every_minutes",
    "间隔(分钟)": "every_minutes",
    "间隔分钟": "every_minutes",
    "启用": "enabled",
    "是否启用": "enabled",
}
_KINDS = {
    "notices": r"通知|公告|公示|动态",
    "permit_guides": r"办事|指南|许可|审批",
    "jobs": r"招聘|招考|招录|岗位|人事",
    "tenders": r"招标|采购|投标|交易",
}
_PUBLISHERS = {
    "public_body": r"机关|事业|政府|国企|国有|公立",
    "training_school": r"培训",
    "association": r"协会|学会|社会团体|社团",
    "company": r"企业|公司",
}
_WORDS = {"是": "true", "启用": "true", "1": "true", "否": "false", "停用": "false", "0": "false"}
_ADDRESS = re.compile(r"(?:https?://)?[^\s/@]+\.[^\s/@]+(?::\d+)?(?:/\S*)?", re.IGNORECASE)
_HEADING_ROWS = 10
"""Rows among which the heading is looked for: titles may stand above it."""


@dataclass(slots=True)
class Understood:
    """What a table says."""

    rows: int = 0
    new: list[tuple[int, Source]] = field(default_factory=list)
    """Sources with their lines."""
    known: list[tuple[int, str, str]] = field(default_factory=list)
    """Lines whose address is watched already, the address, and as what."""
    wrong: list[tuple[int, str]] = field(default_factory=list)
    """Lines that cannot be used, and why."""
    unused: tuple[str, ...] = ()
    """Headings that mean nothing here."""

    @property
    def without_region(self) -> list[str]:
        return [source.name for _, source in self.new if source.region is None]


def understand(rows: Sequence[Row], known: Iterable[Source]) -> Understood:
    """The sources of a table that are not ``known`` yet, by their addresses, and everything else it says.

    Raises :class:`TableError` where no row has an address.
    """
    columns, unused, first = _columns(rows)
    understood = Understood(unused=unused)
    by_address = {_same(str(source.url)): source.name for source in known}
    taken = set(by_address.values()) | {source.name for source in known}
    for row in rows[first:]:
        understood.rows += 1
        values = _values(row, columns)
        if not values.get("url"):
            understood.wrong.append((row.line, "没有网址"))
            continue
        if "://" not in values["url"] and not _is_address(values["url"]):
            understood.wrong.append((row.line, f"“{values['url']}”不是网址"))
            continue
        address = _with_scheme(values["url"])
        if before := by_address.get(_same(address)):
            understood.known.append((row.line, address, before))
            continue
        try:
            source = _source(values | {"url": address}, taken)
        except ValueError as error:
            understood.wrong.append((row.line, str(error)))
            continue
        by_address[_same(address)] = source.name
        taken.add(source.name)
        understood.new.append((row.line, source))
    return understood


def table_of(sources: Sequence[Source]) -> tuple[list[str], list[list[str]]]:
    """Heading and rows that :func:`understand` reads as the same sources, without columns that none uses."""
    dumped = [_flat(source.model_dump(mode="json", exclude_defaults=True)) for source in sources]
    always = ("name", "title", "url", "kind", "region")
    used = {key for values in dumped for key in values}
    heading = [*always, *(key for key in _keys(Source) if key in used and key not in always)]
    return heading, [[_cell(values.get(key)) for key in heading] for values in dumped]


def _columns(rows: Sequence[Row]) -> tuple[dict[str, int], tuple[str, ...], int]:
    """Columns by their keys, headings that are none, and the first row below the heading."""
    keys = frozenset(_keys(Source))
    for place, row in enumerate(rows[:_HEADING_ROWS]):
        named = [_key(cell, keys) for cell in row.cells]
        if "url" in named:
            columns = {key: index for index, key in reversed(list(enumerate(named))) if key}
            unused = tuple(cell for cell, key in zip(row.cells, named, strict=True) if cell and not key)
            return columns, unused, place + 1
    if not any(_is_address(cell) for row in rows for cell in row.cells):
        raise TableError("没有找到网址：表头须有“网址”一列（另可有代号、名称、类型、地区、间隔）")
    return {}, (), 0


def _key(heading: str, keys: frozenset[str]) -> str:
    text = re.sub(r"\s", "", heading).translate(str.maketrans("（）", "()")).lower()
    return text if text in keys else _HEADINGS.get(text, "")


def _values(row: Row, columns: Mapping[str, int]) -> dict[str, str]:
    """Keys and texts of a row; without a heading, what its cells look like."""
    cells = row.cells
    values = {key: cells[index] for key, index in columns.items() if index < len(cells) and cells[index]}
    address = next((cell for cell in cells if _is_address(cell)), "")
    if not columns:
        titles = (cell for cell in cells if cell and not _is_address(cell) and not cell.isdigit())
        region = next((cell for cell in cells if cell in known_regions()), "")
        values = {"title": next(titles, ""), "region": region}
    values.setdefault("url", address)
    if not _is_address(values["url"]) and address:  # a name that links it
        values["url"] = address
    return {key: value for key, value in values.items() if value}


def _is_address(cell: str) -> bool:
    return _ADDRESS.fullmatch(cell) is not None and not re.fullmatch(r"[\d.]+", cell)


def _with_scheme(address: str) -> str:
    return address if "://" in address else f"http://{address}"


def _same(address: str) -> str:
    """What two spellings of one list's address have in common."""
    rest = address.partition("://")[2].partition("#")[0]
    host, slash, path = rest.partition("/")
    path = re.sub(r"(?:^|(?<=/))(?:index|default)\.(?:s?html?|aspx?|jsp|php)$", "", path)
    return (
        f"{host.lower().removeprefix('www.').removesuffix(':80').removesuffix(':443')}{slash}{path}".rstrip(
            "/"
        )
    )


def _source(values: Mapping[str, str], taken: set[str]) -> Source:
    """Raises ``ValueError`` that names everything that cannot be used."""
    nested: dict[str, Any] = {}
    for key, text in values.items():
        *above, last = key.split(".")
        table = nested
        for part in above:
            table = table.setdefault(part, {})
        table[last] = _meant(key, text)
    nested.setdefault("name", free_name(values["url"], taken))
    if nested["name"] in taken:
        raise ValueError(f"代号 {nested['name']} 已被另一个来源使用：请换一个，或留空由程序取名")
    try:
        return Source.model_validate(nested)
    except ValidationError as error:
        raise ValueError("；".join(explain(error, Source, Given(nested, {}, {})))) from None


def _meant(key: str, text: str) -> str:
    if key == "region":
        return region_code(text)
    if key == "kind":
        return _by_words(text, _KINDS, [kind.value for kind in SourceKind])
    if key == "publisher_kind":
        return _by_words(text, _PUBLISHERS, list(_PUBLISHERS))
    if _keys(Source)[key] is bool:
        return _WORDS.get(text, text.lower())
    return text


def _by_words(text: str, patterns: Mapping[str, str], codes: Sequence[str]) -> str:
    if text in codes:
        return text
    return next((code for code, pattern in patterns.items() if re.search(pattern, text)), text)


def _keys(model: type[BaseModel], above: str = "") -> dict[str, object]:
    """Dotted keys of a model, with their types."""
    found: dict[str, object] = {}
    for name, each in model.model_fields.items():
        inner = [each.annotation, *get_args(each.annotation)]
        nested = [one for one in inner if isinstance(one, type) and issubclass(one, BaseModel)]
        found |= _keys(nested[0], f"{above}{name}.") if nested else {f"{above}{name}": each.annotation}
    return found


def _flat(values: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= _flat(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return found


def _cell(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
