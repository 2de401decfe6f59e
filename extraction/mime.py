"""Header lines and file names as mailers and servers really write them: one tolerant decoder for all of them.

Half of what arrives breaks RFC 2047, 2231 or 6532: GBK under the name of gb2312, raw bytes, characters that
are cut in two by encoded words, words within quotes. What a line says is therefore told from its bytes; what
they declare is one opinion among others. Where opinions differ, ``HeaderText.others`` has them all, since
whoever hides a name must hide each of its readings.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from html import unescape
from urllib.parse import unquote_to_bytes

from extraction.charset import CODECS, DAMAGE
from extraction.cleaning import clean_line

_NEXT_WORD = r"=\?[\w.:+*-]+\?[A-Za-z]\?"
_ENCODED = re.compile(
    r"=\?\s*(?P<charset>[\w.:+-]*)(?:\*[\w-]*)?\s*\?\s*(?P<form>[bBqQ])\s*\?"
    rf"(?P<text>(?:(?!{_NEXT_WORD}).)*?)(?:\?=|(?={_NEXT_WORD})|$)",
    re.DOTALL,
)
_LEFTOVER = re.compile(r"=\?[^?\s]{0,40}\?[^?\s]?\?")
_FOLD = re.compile(r"\r?\n(?=[ \t])|[\r\n]+")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_CHINESE = re.compile(
    "[\x00-\x7f·—‘’“”…\u2e80-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]*"
)
_SHIFTED = frozenset({"hz", "utf-7", "iso2022_jp", "utf-16", "utf-16-le", "utf-16-be"})
"""Encodings whose bytes may all be ASCII."""
_MORE_CODECS = {
    "utf-7": "utf-7",
    "unicode-1-1-utf-7": "utf-7",
    "iso-2022-jp": "iso2022_jp",
    **dict.fromkeys(("cp936", "ms936", "gb_2312", "gb2312-80", "chinese", "csgb2312", "euc-gb"), "gb18030"),
    **dict.fromkeys(("latin1", "iso-8859-1", "iso8859-1", "windows-1252", "cp1252"), "cp1252"),
    **dict.fromkeys(("iso-8859-15", "latin-9"), "iso8859-15"),
}
_LONGEST = 20_000
"""Characters of a header that are looked at."""
_DEEPEST = 2
"""Times that a word may be encoded: gateways encode what was encoded already."""


@dataclass(frozen=True, slots=True)
class HeaderText:
    """What a header line or file name says."""

    text: str
    """One line; U+FFFD stands where bytes mean nothing."""
    others: tuple[str, ...] = ()
    """The line in every other way in which its bytes can be read, and as it was written."""
    is_whole: bool = True
    """False where a part of it could not be decoded: such a line is not to be shown."""


def header_text(value: str | bytes) -> HeaderText:
    """The words of a header line; ``value``: its bytes, or a string with a code point for each of them."""
    unfolded = _FOLD.sub("", _raw_string(value)[:_LONGEST])
    readings = readings_of(_as_bytes(unfolded))
    decoded = [_decode_words(reading) for reading in readings]
    text = clean_line(decoded[0][0])
    others = [*readings, *(clean_line(other) for reading in decoded for other in reading), unescape(text)]
    if _PERCENT.search(text):  # as RFC 2231 writes parameters, where no parameter is
        others += readings_of(unquote_to_bytes(text.rpartition("''")[2]))
    is_whole = DAMAGE not in text and not _LEFTOVER.search(text)
    return HeaderText(
        text, tuple(dict.fromkeys(other for other in others if other and other != text)), is_whole
    )


def parameter(value: str | bytes, name: str) -> HeaderText:
    """A parameter of a header such as Content-Disposition, written by RFC 2231 or 2047, or raw."""
    message = Message()
    message["X"] = readings_of(_as_bytes(_FOLD.sub("", _raw_string(value)[:_LONGEST])))[0]
    try:
        found = message.get_param(name, header="X")
    except (ValueError, IndexError, UnicodeError):
        return HeaderText("", is_whole=False)
    if isinstance(found, tuple):
        charset, _, escaped = found
        readings = readings_of(escaped.encode("latin-1", "replace"), charset or "")
        return HeaderText(clean_line(readings[0]), tuple(readings[1:]), DAMAGE not in readings[0])
    if not isinstance(found, str):
        return HeaderText("")
    if _PERCENT.search(found) and found.isascii():
        found = readings_of(unquote_to_bytes(found))[0]
    return header_text(found.encode())


def file_name_of(message: Message) -> HeaderText:
    """The name that a part of a mail gives its file; empty where it gives none."""
    for header, name in (("content-disposition", "filename"), ("content-type", "name")):
        for key, value in message.raw_items():
            if key.lower() == header and (found := parameter(str(value), name)).text:
                return found
    return HeaderText("")


def readings_of(raw: bytes, declared: str = "") -> list[str]:
    """Every way in which bytes can be read, the likeliest first; with U+FFFD where there is no whole one."""
    codec = _codec(declared)
    if raw.isascii() and codec not in _SHIFTED:
        return [raw.decode("ascii")]
    readings = [text for name in _order(raw, codec) if (text := _strictly(raw, name)) is not None]
    if readings:
        return list(dict.fromkeys(readings))
    damaged = (
        raw.decode(name, "replace") for name in dict.fromkeys(("utf-8", codec or "gb18030", "gb18030"))
    )
    return sorted(damaged, key=lambda text: text.count(DAMAGE))


def _order(raw: bytes, codec: str) -> Iterator[str]:
    """Encodings to try: UTF-8 betrays itself, GBK is known by characters in pairs, Latin reads anything."""
    if codec in _SHIFTED:
        yield codec
    utf8 = _strictly(raw, "utf-8")
    if utf8 is not None and (codec != "gb18030" or _is_chinese(utf8)):
        yield "utf-8"
    is_latin = codec in {"cp1252", "iso8859-15"}
    if codec and not is_latin:
        yield codec
    in_pairs = all(len(run) % 2 == 0 for run in _HIGH_RUN.findall(raw))
    if is_latin and not in_pairs:
        yield codec
    yield from (name for name in ("gb18030", "big5hkscs") if _is_chinese(_strictly(raw, name) or DAMAGE))
    if is_latin:
        yield codec
    yield "utf-8"


def _strictly(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except (UnicodeError, LookupError):
        return None


def _is_chinese(text: str) -> bool:
    return _CHINESE.fullmatch(text) is not None


def _codec(declared: str) -> str:
    name = declared.strip(" \"'").lower().replace("_", "-")
    return CODECS.get(name) or _MORE_CODECS.get(name) or ""


def _raw_string(value: str | bytes) -> str:
    return value.decode("ascii", "surrogateescape") if isinstance(value, bytes) else value


def _as_bytes(value: str) -> bytes:
    """The bytes behind a string: surrogates as the mail parser makes them, Latin 1 as HTTP libraries do."""
    for codec, errors in (("ascii", "surrogateescape"), ("latin-1", "strict")):
        try:
            return value.encode(codec, errors)
        except UnicodeEncodeError:
            continue
    return value.encode("utf-8", "surrogateescape")


def _decode_words(line: str, depth: int = 0) -> tuple[str, ...]:
    """A line with its encoded words decoded, then its words in other readings."""
    pieces: list[str] = []
    others: list[str] = []
    at = 0
    for start, end, charset, words in _runs(line):
        pieces.append(line[at:start])
        readings = _read_run(charset, words)
        pieces.append(readings[0])
        others += readings[1:]
        at = end
    if not at:
        return (line,)
    text = "".join((*pieces, line[at:]))
    if depth < _DEEPEST and _ENCODED.search(text):
        again = _decode_words(text, depth + 1)
        return (again[0], text, *again[1:], *others)
    return (text, *others)


def _runs(line: str) -> Iterator[tuple[int, int, str, list[tuple[str, str]]]]:
    """Start, end, charset and (form, text) of words that stand beside each other in one charset."""
    run: list[re.Match[str]] = []
    for word in _ENCODED.finditer(line):
        if run and not (
            word["charset"].lower() == run[-1]["charset"].lower()
            and not line[run[-1].end() : word.start()].strip()
        ):
            yield _run(run)
            run = []
        run.append(word)
    if run:
        yield _run(run)


def _run(words: list[re.Match[str]]) -> tuple[int, int, str, list[tuple[str, str]]]:
    pairs = [(word["form"].lower(), word["text"]) for word in words]
    return words[0].start(), words[-1].end(), words[0]["charset"], pairs


def _read_run(charset: str, words: list[tuple[str, str]]) -> list[str]:
    """What words of one charset say together: mailers cut them between the bytes of a character."""
    apart = b"".join(_unpacked(form, text) for form, text in words)
    attempts = [readings_of(apart, charset)]
    if len(words) > 1 and all(form == "b" for form, _ in words):
        # Some cut the base64 itself, so that a word alone has no whole number of bytes.
        joined = "".join(text.strip() for _, text in words)
        is_cut = any(len(text.strip()) % 4 for _, text in words[:-1])
        attempts.insert(0 if is_cut else 1, readings_of(_unpacked("b", joined), charset))
    if not apart and any(text.strip() for _, text in words):
        return [DAMAGE]
    return min(attempts, key=lambda readings: readings[0].count(DAMAGE))


def _unpacked(form: str, text: str) -> bytes:
    if form == "q":
        plain = re.sub(r"[\r\n]+[ \t]?", "", text).encode("utf-8", "surrogateescape")
        return binascii.a2b_qp(plain, header=True)
    packed = re.sub(r"[^A-Za-z0-9+/]", "", text)
    # One letter too many is no byte; a2b would refuse the word for it.
    packed = packed[:-1] if len(packed) % 4 == 1 else packed
    return binascii.a2b_base64(packed + "=" * (-len(packed) % 4))
