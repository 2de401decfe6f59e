"""One exchange with a web server as two WARC/1.1 records, and back."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlsplit

from warcio.archiveiterator import ArchiveIterator  # type: ignore[import-untyped]
from warcio.exceptions import ArchiveLoadFailed  # type: ignore[import-untyped]
from warcio.statusandheaders import StatusAndHeaders  # type: ignore[import-untyped]
from warcio.timeutils import iso_date_to_datetime  # type: ignore[import-untyped]
from warcio.utils import Digester  # type: ignore[import-untyped]
from warcio.warcwriter import WARCWriter  # type: ignore[import-untyped]

from storage.errors import EvidenceError, EvidenceNotThereError

_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
_URL_SAFE = _PRINTABLE.translate({ord(mark): None for mark in ' "<>\\^`{|}'})
_SECRET = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Request headers that prove nothing and must not lie around."""
_UNDONE = frozenset({"content-encoding", "transfer-encoding", "content-length"})
"""Response headers that speak of the bytes on the wire; the body is kept as it was after decompression."""
_COMPRESSION_LEVEL = 6
_CERTIFICATE, _UNVERIFIED = "Qualwatch-Certificate", "not verified"
"""A field of our own in the record's heading, which WARC allows; absent: verified, or none was needed."""
_DRAWN_BY = "Qualwatch-Drawn-By"

Headers = tuple[tuple[str, str], ...]
"""Header lines in the order in which they stood."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer.

    ``body`` is the body after ``Content-Encoding`` (gzip, br, …) was undone, which is what everything later
    reads; it is kept like that, its length in ``Content-Length`` and the headers of the wire as
    ``X-Archive-Orig-…``. ``started_at`` is aware.
    """

    url: str
    method: str
    request_headers: Headers
    status: int
    reason: str
    response_headers: Headers
    body: bytes
    started_at: datetime
    certificate_verified: bool = True
    """False where nobody vouches that it was this host that answered."""
    drawn: bytes | None = None
    """What a browser made of ``body`` (HTML in UTF-8), where that is what everything later reads."""
    drawn_by: str = ""
    """That browser, with its version."""


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that no web server sent: a message of the public. ``made_at`` is aware."""

    uri: str
    media_type: str
    body: bytes
    made_at: datetime


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """A response or resource as it was kept; its digest was verified when it was read."""

    url: str
    status: int
    """0 where no web server sent it."""
    headers: Headers
    body: bytes
    fetched_at: datetime
    body_sha256: str
    certificate_verified: bool = True
    """False where it was fetched without verifying whose certificate answered."""
    drawn_by: str = ""
    """The browser that drew it; empty: the body is what the server sent."""

    def header(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), default)


@dataclass(frozen=True, slots=True)
class Packed:
    """Gzip members of one exchange, ready to be appended, and what to know the first of them by."""

    data: bytes
    record_id: str
    body_sha256: str


class _Sha256Writer(WARCWriter):  # type: ignore[misc]
    """warcio digests with SHA-1, which can be forged; WARC lets every record name its algorithm."""

    @staticmethod
    def _create_digester() -> Any:
        return Digester("sha256")


def pack(exchange: Exchange) -> Packed:
    """The records of ``exchange``. Raises ``EvidenceError`` for an address other than http and https."""
    url = _web_address(exchange.url)
    if exchange.started_at.tzinfo is None:
        raise ValueError("started_at needs a time zone")
    date = _warc_date(exchange.started_at)
    heading = {"WARC-Date": date} | ({} if exchange.certificate_verified else {_CERTIFICATE: _UNVERIFIED})
    plain, members = BytesIO(), []
    writer = _Sha256Writer(plain, gzip=False, warc_version="1.1")
    response = writer.create_warc_record(
        url,
        "response",
        payload=BytesIO(exchange.body),
        length=len(exchange.body),
        http_headers=_response_headers(exchange),
        warc_headers_dict=heading,
    )
    record_id: str = response.rec_headers.get_header("WARC-Record-ID")
    request = writer.create_warc_record(
        url,
        "request",
        http_headers=_request_headers(exchange, url),
        warc_headers_dict={"WARC-Date": date, "WARC-Concurrent-To": record_id},
    )
    body, records = exchange.body, [response, request]
    if exchange.drawn is not None:
        body = exchange.drawn
        drawn = _drawn(writer, exchange, url, heading | {"WARC-Refers-To": record_id})
        record_id = drawn.rec_headers.get_header("WARC-Record-ID")
        records.insert(0, drawn)  # what is asked for by its offset stands first
    for record in records:
        writer.write_record(record)
        members.append(_member(plain.getvalue()))
        plain.seek(0)
        plain.truncate()
    return Packed(b"".join(members), record_id, sha256(body).hexdigest())


def _drawn(writer: WARCWriter, exchange: Exchange, url: str, heading: dict[str, str]) -> Any:
    """The ``conversion`` record of what a browser made of the response that it refers to."""
    body = exchange.drawn or b""
    return writer.create_warc_record(
        url,
        "conversion",
        payload=BytesIO(body),
        length=len(body),
        warc_content_type="text/html; charset=utf-8",
        warc_headers_dict=heading | {_DRAWN_BY: _printable(exchange.drawn_by)},
    )


def pack_resource(resource: Resource) -> Packed:
    """The record of ``resource``, of WARC type ``resource``: the body is its whole block."""
    if resource.made_at.tzinfo is None:
        raise ValueError("made_at needs a time zone")
    plain = BytesIO()
    writer = _Sha256Writer(plain, gzip=False, warc_version="1.1")
    record = writer.create_warc_record(
        resource.uri,
        "resource",
        payload=BytesIO(resource.body),
        length=len(resource.body),
        warc_content_type=_printable(resource.media_type),
        warc_headers_dict={"WARC-Date": _warc_date(resource.made_at)},
    )
    record_id: str = record.rec_headers.get_header("WARC-Record-ID")
    writer.write_record(record)
    return Packed(_member(plain.getvalue()), record_id, sha256(resource.body).hexdigest())


def _warc_date(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def pack_heading(file_name: str) -> bytes:
    """The ``warcinfo`` record that begins a file."""
    plain = BytesIO()
    writer = _Sha256Writer(plain, gzip=False, warc_version="1.1")
    about = {
        "software": "Qualwatch",
        "format": "WARC File Format 1.1",
        "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "description": "Bodies are kept with their Content-Encoding undone",
    }
    writer.write_record(writer.create_warcinfo_record(file_name, about))
    return _member(plain.getvalue())


def read_record(path: Path, record_id: str, offset: int | None) -> EvidenceRecord:
    """The response ``record_id`` of ``path``, from ``offset`` (bytes) where it is known.

    Raises ``EvidenceError`` where it is not there, broken, or its digests do not fit its bytes.
    """
    try:
        with path.open("rb") as file:
            if offset is not None:
                file.seek(offset)
            for record in _records(file):
                if record.rec_headers.get_header("WARC-Record-ID") == record_id:
                    return _unpack(record, path)
                if offset is not None:
                    break
    except FileNotFoundError as error:
        raise EvidenceNotThereError(
            f"the evidence file {path.name} cannot be read: {error.strerror}"
        ) from error
    except OSError as error:
        raise EvidenceError(f"the evidence file {path.name} cannot be read: {error.strerror}") from error
    raise EvidenceNotThereError(f"the evidence file {path.name} has no record {record_id}")


def _records(file: IO[bytes]) -> Iterator[Any]:
    """A torn record at the end, as a crash leaves it, ends the file."""
    try:
        yield from ArchiveIterator(file, check_digests=True)
    except (ArchiveLoadFailed, EOFError, zlib.error):
        return


def _unpack(record: Any, path: Path) -> EvidenceRecord:
    try:
        body = record.raw_stream.read()
        is_resource = record.rec_type in {"resource", "conversion"}
        status = 0 if is_resource else int(record.http_headers.get_statuscode())
        headers = (
            (("Content-Type", record.content_type),) if is_resource else tuple(record.http_headers.headers)
        )
        fetched_at = iso_date_to_datetime(record.rec_headers.get_header("WARC-Date"), tz_aware=True)
    except (ArchiveLoadFailed, EOFError, zlib.error, ValueError, AttributeError) as error:
        raise EvidenceError(f"the evidence file {path.name} is damaged: {error}") from error
    if record.digest_checker.passed is not True:
        raise EvidenceError(
            f"the evidence file {path.name} was changed or damaged: a record does not fit its own digest"
        )
    return EvidenceRecord(
        url=record.rec_headers.get_header("WARC-Target-URI"),
        status=status,
        headers=headers,
        body=body,
        fetched_at=fetched_at,
        body_sha256=sha256(body).hexdigest(),
        certificate_verified=record.rec_headers.get_header(_CERTIFICATE) != _UNVERIFIED,
        drawn_by=record.rec_headers.get_header(_DRAWN_BY) or "",
    )


def _web_address(url: str) -> str:
    quoted = quote(url, safe=_URL_SAFE)
    try:
        scheme = urlsplit(quoted).scheme
    except ValueError:
        scheme = ""
    if scheme not in {"http", "https"}:
        raise EvidenceError(f"{url!r} is no http address: only what was fetched from the web is kept")
    return quoted


def _response_headers(exchange: Exchange) -> StatusAndHeaders:
    headers = [
        (f"X-Archive-Orig-{name}" if name.lower() in _UNDONE else name, value)
        for name, value in _clean(exchange.response_headers)
    ]
    headers.append(("Content-Length", str(len(exchange.body))))
    return StatusAndHeaders(f"{exchange.status} {_printable(exchange.reason)}", headers, protocol="HTTP/1.1")


def _request_headers(exchange: Exchange, url: str) -> StatusAndHeaders:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = [pair for pair in _clean(exchange.request_headers) if pair[0].lower() not in _SECRET]
    if not any(name.lower() == "host" for name, _ in headers):
        headers.insert(0, ("Host", parts.netloc.rpartition("@")[2]))
    return StatusAndHeaders(f"{target} HTTP/1.1", headers, protocol=_printable(exchange.method))


def _clean(headers: Headers) -> list[tuple[str, str]]:
    """Names without a colon or blank; a header without a name cannot be written."""
    names = ((_printable(name).translate({58: None, 32: None}), value) for name, value in headers)
    return [(name, _printable(value)) for name, value in names if name]


def _printable(text: str) -> str:
    """Header text as ASCII on one line, other bytes percent-encoded. HTTP reads headers as Latin-1."""
    if text.isascii() and text.isprintable():
        return text
    try:
        raw = text.encode("latin-1")
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "replace")
    return quote(raw, safe=_PRINTABLE)


def _member(data: bytes) -> bytes:
    compressor = zlib.compressobj(_COMPRESSION_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return compressor.compress(data) + compressor.flush()
