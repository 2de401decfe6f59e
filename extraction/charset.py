"""From bytes to characters, in the order that finds Chinese pages: BOM, UTF-8, header, meta, detector."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_META = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})|encoding=["']([A-Za-z0-9_.-]{2,40})""")
_META_WINDOW = 4096
DAMAGE = "\ufffd"
"""What stands for bytes that mean nothing."""
CODECS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "cp936": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "euc-cn": "gb18030",
    "hz-gb-2312": "hz",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "shift_jis": "cp932",
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
}
"""Declared names that are believed. The Latin ones are missing on purpose: servers send them by default, and
they decode anything, GBK included, to mojibake."""
_UTF8_CHINESE = re.compile(rb"[\xe2-\xe9\xef][\x80-\xbf]{2}")
_UTF8_WORDS = re.compile(4 * rb"[\xe3-\xe9][\x80-\xbf][\x80-\xbf]")
"""Four Chinese characters in UTF-8: six of GBK whose bytes look so stand side by side in no text."""
_TWICE = re.compile(r"(?:[\xe3-\xe9][\x80-\xbf]{2}){4,}")
_FEWEST_WIDE, _MOSTLY_WIDE = 40, 0.15
_ASCII = bytes(range(0x80))
_SEGMENT = re.compile(rb"[^<>\n]+|[<>\n]+")
"""Between marks that are part of no character of any of the encodings."""
_MOSTLY = 0.5
"""Share of the bytes beyond ASCII that are Chinese in UTF-8 where a page, or a part of one, is in UTF-8."""


def decode(body: bytes, declared: str = "") -> tuple[str, str]:
    """Text and the name of its encoding; bytes that no encoding explains become U+FFFD, never an error.

    Pages put together from files in UTF-8 and in GBK are read part by part; the name is that of most parts.
    """
    marked = next(((len(bom), codec) for bom, codec in _BOMS if body.startswith(bom)), (0, ""))
    start, sure = marked if marked[1] else (0, _without_mark(body, declared))
    if sure:
        return body[start:].decode(sure, "replace"), sure
    try:
        return _once(body.decode("utf-8")), "utf-8"
    except UnicodeDecodeError:
        pass
    if _is_mostly_utf8(body):
        return _part_by_part(body, "utf-8"), "utf-8"
    broken: dict[str, None] = {}
    for codec in _candidates(body, declared):
        if codec == "gb18030" and _UTF8_WORDS.search(body):
            return _part_by_part(body, codec), codec
        try:
            return body.decode(codec), codec
        except UnicodeDecodeError:
            broken[codec] = None
    readings = [(body.decode(codec, "replace"), codec) for codec in broken]
    return min(readings, key=lambda reading: reading[0].count(DAMAGE))


def _without_mark(body: bytes, declared: str) -> str:
    """UTF-16 without its mark, in which every other byte of markup is 0, and HZ, which is all ASCII."""
    head = body[:_META_WINDOW]
    for odd, codec in ((1, "utf-16-le"), (0, "utf-16-be")):
        most = head[odd::2].count(0) > len(head) * _MOSTLY_WIDE > head[1 - odd :: 2].count(0)
        if len(head) >= _FEWEST_WIDE and most:
            return codec
    return "hz" if b"~{" in body and "hz" in _declared(body, declared) else ""


def _once(text: str) -> str:
    """A text in UTF-8 that was taken for Latin and put into UTF-8 again, as gateways do, read as it was."""
    if not _TWICE.search(text):
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _is_mostly_utf8(part: bytes) -> bool:
    """Whether what is beyond ASCII is UTF-8, but for some damage or for another part of the page."""
    foreign = len(part.translate(None, _ASCII))
    known = 3 * len(_UTF8_CHINESE.findall(part))
    return known >= foreign * _MOSTLY and known > 0


def _part_by_part(body: bytes, main: str) -> str:
    return "".join(_decode_part(part, main) for part in _SEGMENT.findall(body))


def _decode_part(part: bytes, main: str) -> str:
    if part.isascii():
        return part.decode("ascii")
    if _is_mostly_utf8(part) and (main == "utf-8" or _UTF8_WORDS.search(part)):
        return part.decode("utf-8", "replace")
    others = ("gb18030", "utf-8") if main == "utf-8" else (main, "gb18030")
    readings = [part.decode(codec, "replace") for codec in others]
    return min(readings, key=lambda text: text.count(DAMAGE))


def _declared(body: bytes, declared: str) -> Iterator[str]:
    if codec := CODECS.get(declared.strip(" \"'").lower()):
        yield codec
    if match := _META.search(body[:_META_WINDOW]):
        named = (match[1] or match[2]).decode("ascii").lower()
        if codec := CODECS.get(named):
            yield codec


def _candidates(body: bytes, declared: str) -> Iterator[str]:
    yield from _declared(body, declared)
    from resiliparse.parse.encoding import detect_encoding  # noqa: PLC0415  (only undeclared pages pay for it)

    if codec := CODECS.get(detect_encoding(body, max_len=len(body)) or ""):
        yield codec
    yield "gb18030"
