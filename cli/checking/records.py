"""Records of JSON lines: ``{"id", "text", "title"?, "publisher"?, "url"?, "date"?}``, one a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any, BinaryIO

from cli.checking.model import Document, Failure, Lines

MAX_LINE = 128 * 1024 * 1024
"""Bytes of one line; a longer one is skipped and told."""
BATCH_LINES = 256
BATCH_BYTES = 512 * 1024
_DATE = re.compile(r"(\d{4})(?:[-/.年](\d{1,2}))?(?:[-/.月](\d{1,2}))?")
_OPTIONAL = ("title", "publisher", "url")


class RecordError(ValueError):
    """A record that breaks the contract; the message says how."""


def read_lines(stream: BinaryIO, name: str, *, batched: bool) -> Iterator[Lines]:
    """Cuts a stream into lines without holding more than a batch; a line at a time unless ``batched``.

    Empty lines are left out.
    """
    number, size, numbers, batch = 0, 0, list[int](), list[bytes | None]()
    while line := _read_line(stream):
        number += 1
        if not line.strip():
            continue
        batch.append(line if len(line) <= MAX_LINE else None)
        numbers.append(number)
        size += len(line)
        if not batched or len(batch) >= BATCH_LINES or size >= BATCH_BYTES:
            yield Lines(name, tuple(numbers), tuple(batch))
            size, numbers, batch = 0, [], []
    if batch:
        yield Lines(name, tuple(numbers), tuple(batch))


def _read_line(stream: BinaryIO) -> bytes:
    """A whole line; of one that is too long the beginning, the rest being read and thrown away."""
    line = stream.readline(MAX_LINE + 1)
    rest = line
    while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
        rest = stream.readline(MAX_LINE + 1)
    return line


def read_record(line: bytes | None, name: str, number: int) -> Document | Failure:
    """A line's record, or why it is none; ``number`` is the line's, counted from 1."""
    identity: Any = None
    try:
        fields = _read_object(line)
        identity = fields.get("id")
        return _to_document(fields, f"{name}#{identity}")
    except RecordError as error:
        place = number if identity is None else identity
        return Failure(identity, f"{name}#{place}", f"line {number}: {error}")


def _read_object(line: bytes | None) -> dict[str, Any]:
    if line is None:
        raise RecordError(f"longer than {MAX_LINE // 2**20} MB")
    try:
        fields = json.loads(line.decode("utf-8-sig"))
    except RecursionError as error:
        raise RecordError("nested too deeply") from error
    except ValueError as error:
        raise RecordError(f"not JSON in UTF-8: {error}") from error
    if not isinstance(fields, dict):
        raise RecordError("not a JSON object")
    return fields


def _to_document(fields: dict[str, Any], name: str) -> Document:
    if fields.get("id") is None:
        raise RecordError("no id")
    if not isinstance(fields.get("text"), str):
        raise RecordError("no text, or a text that is no string")
    for key in _OPTIONAL:
        if not isinstance(fields.get(key), str | None):
            raise RecordError(f"{key} is no string")
    title, publisher, url = (fields.get(key) or "" for key in _OPTIONAL)
    return Document(
        identity=fields["id"],
        name=name,
        text=fields["text"],
        title=title,
        publisher=publisher,
        url=url,
        published_on=_read_day(fields.get("date")),
    )


def _read_day(written: Any) -> date | None:
    """``2015-03-12``, with a time behind it too; a month or a year alone counts from its first day.

    That is in the publisher's favour: fewer certificates were cancelled then. Raises RecordError where a date
    is given that is none.
    """
    if written is None or written == "":
        return None
    match = _DATE.match(written.strip()) if isinstance(written, str) else None
    try:
        year, month, day = match.groups(default="1") if match else ("", "", "")
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise RecordError(f"date {str(written)[:40]!r} is none; write it as 2026-11-01") from error
