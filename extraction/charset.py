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
_TOLERATED_DAMAGE = 0.02
"""Share of broken characters up to which a page is damaged UTF-8: GBK read as UTF-8 breaks most of them."""


def decode(body: bytes, declared: str = "") -> tuple[str, str]:
    """Text and the name of its encoding; bytes that no encoding explains become U+FFFD, never an error."""
    for bom, codec in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(codec, "replace"), codec
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    text = body.decode("utf-8", "replace")
    if _is_utf8_with_damage(text):
        return text, "utf-8"
    broken: dict[str, None] = {}
    for codec in _candidates(body, declared):
        try:
            return body.decode(codec), codec
        except UnicodeDecodeError:
            broken[codec] = None
    readings = [(body.decode(codec, "replace"), codec) for codec in broken]
    return min(readings, key=lambda reading: reading[0].count("\ufffd"))


def _is_utf8_with_damage(text: str) -> bool:
    broken = text.count("\ufffd")
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    return broken <= foreign * _TOLERATED_DAMAGE or (broken == 1 and text.endswith("\ufffd") and foreign > 1)


def _candidates(body: bytes, declared: str) -> Iterator[str]:
    if codec := CODECS.get(declared.strip(" \"'").lower()):
        yield codec
    if match := _META.search(body[:_META_WINDOW]):
        named = (match[1] or match[2]).decode("ascii").lower()
        if codec := CODECS.get(named):
            yield codec
    from resiliparse.parse.encoding import detect_encoding  # noqa: PLC0415  (only undeclared pages pay for it)

    if codec := CODECS.get(detect_encoding(body, max_len=len(body)) or ""):
        yield codec
    yield "gb18030"
