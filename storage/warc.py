"""One exchange with a web server as two WARC/1.1 records, and back."""

from __future__ import annotations

import zlib
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

from warcio.archiveiterator import ArchiveIterator  # type: ignore[import-untyped]
from warcio.exceptions import ArchiveLoadFailed  # type: ignore[import-untyped]
from warcio.timeutils import iso_date_to_datetime  # type: ignore[import-untyped]

from storage.errors import EvidenceError, EvidenceNotThereError

_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
_URL_SAFE = _PRINTABLE.translate({ord(mark): None for mark in ' "<>\\^`{|}'})
_SECRET = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Request headers that prove nothing and must not lie around."""
_UNDONE = frozenset({"content-encoding", "transfer-encoding", "content-length"})
"""Response headers that speak of the bytes on the wire; the body is kept as it was after decompression."""
_COMPRESSION_LEVEL = 6
_RESPONSE, _REQUEST = "application/http; msgtype=response", "application/http; msgtype=request"
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


def pack(exchange: Exchange) -> Packed:
    """The records of ``exchange``. Raises ``EvidenceError`` for an address other than http and https."""
    url = _web_address(exchange.url)
    if exchange.started_at.tzinfo is None:
        raise ValueError("started_at needs a time zone")
    date = _warc_date(exchange.started_at)
    heading = {"WARC-Date": date} | ({} if exchange.certificate_verified else {_CERTIFICATE: _UNVERIFIED})
    body, record_id = exchange.body, _record_id()
    response = _member(
        _record(
            "response", record_id, url, heading, body, before=_response_headers(exchange), type_=_RESPONSE
        )
    )
    asked = {"WARC-Date": date, "WARC-Concurrent-To": record_id}
    request = _member(
        _record(
            "request", _record_id(), url, asked, b"", before=_request_headers(exchange, url), type_=_REQUEST
        )
    )
    if exchange.drawn is None:
        return Packed(response + request, record_id, sha256(body).hexdigest())
    # What a browser made of the response that it refers to; what is asked for by its offset stands first.
    drawn, drawn_id = exchange.drawn, _record_id()
    heading |= {"WARC-Refers-To": record_id, _DRAWN_BY: _printable(exchange.drawn_by)}
    shown = _member(_record("conversion", drawn_id, url, heading, drawn, type_="text/html; charset=utf-8"))
    return Packed(shown + response + request, drawn_id, sha256(drawn).hexdigest())


def pack_resource(resource: Resource) -> Packed:
    """The record of ``resource``, of WARC type ``resource``: the body is its whole block."""
    if resource.made_at.tzinfo is None:
        raise ValueError("made_at needs a time zone")
    record_id, heading = _record_id(), {"WARC-Date": _warc_date(resource.made_at)}
    kind = _printable(resource.media_type)
    record = _record("resource", record_id, resource.uri, heading, resource.body, type_=kind)
    return Packed(_member(record), record_id, sha256(resource.body).hexdigest())


def _record(
    kind: str,
    record_id: str,
    uri: str,
    heading: dict[str, str],
    payload: bytes,
    *,
    type_: str,
    before: bytes = b"",
) -> bytes:
    """A record as WARC/1.1 writes it, with its digests; ``before`` are the HTTP headers of ``payload``.

    Written here and read by warcio, which takes several times as long to write: it looks through the headers
    for each of them, and there are two records for every page. It digests with SHA-1, which can be forged;
    WARC lets every record name its algorithm.
    """
    block, digest = before + payload, _digest(payload)
    lines = {
        **heading,
        "WARC-Type": kind,
        "WARC-Record-ID": record_id,
        "WARC-Target-URI": uri,
        "WARC-Payload-Digest": digest,
        "WARC-Block-Digest": _digest(block) if before else digest,
        "Content-Type": type_,
        "Content-Length": str(len(block)),
    }
    said = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return b"".join((b"WARC/1.1\r\n", said.encode(), b"\r\n", block, b"\r\n\r\n"))


def _record_id() -> str:
    return f"<urn:uuid:{uuid4()}>"


def _digest(data: bytes) -> str:
    return _digest_of(data) if data else _OF_NOTHING


def _digest_of(data: bytes) -> str:
    return f"sha256:{b32encode(sha256(data).digest()).decode()}"


_OF_NOTHING = _digest_of(b"")


def _warc_date(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def pack_heading(file_name: str) -> bytes:
    """The ``warcinfo`` record that begins a file."""
    about = {
        "software": "Qualwatch",
        "format": "WARC File Format 1.1",
        "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "description": "Bodies are kept with their Content-Encoding undone",
    }
    heading = {"WARC-Date": _warc_date(datetime.now(UTC)), "WARC-Filename": file_name}
    said = "".join(f"{name}: {value}\r\n" for name, value in about.items())
    return _member(
        _record("warcinfo", _record_id(), "", heading, said.encode(), type_="application/warc-fields")
    )


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


def _response_headers(exchange: Exchange) -> bytes:
    headers = [
        (f"X-Archive-Orig-{name}" if name.lower() in _UNDONE else name, value)
        for name, value in _clean(exchange.response_headers)
    ]
    headers.append(("Content-Length", str(len(exchange.body))))
    return _http_head(f"HTTP/1.1 {exchange.status} {_printable(exchange.reason)}", headers)


def _request_headers(exchange: Exchange, url: str) -> bytes:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = [pair for pair in _clean_request(exchange.request_headers) if pair[0].lower() not in _SECRET]
    if not any(name.lower() == "host" for name, _ in headers):
        headers.insert(0, ("Host", parts.netloc.rpartition("@")[2]))
    return _http_head(f"{_printable(exchange.method)} {target} HTTP/1.1", headers)


def _http_head(first: str, headers: list[tuple[str, str]]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"{first}\r\n{lines}\r\n".encode("ascii")


def _clean(headers: Headers) -> tuple[tuple[str, str], ...]:
    """Names without a colon or blank; a header without a name cannot be written."""
    names = ((_printable(name).translate({58: None, 32: None}), value) for name, value in headers)
    return tuple((name, _printable(value)) for name, value in names if name)


_clean_request = lru_cache(maxsize=16)(_clean)
"""Most requests of one process have the same headers."""


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
