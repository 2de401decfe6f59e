"""An exchange that the evidence archive keeps in tests, and the files that it makes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from storage.evidence import Exchange

BODY = "<p>招聘会计一名，须持有会计从业资格证。</p>".encode("gb18030")
EXCHANGE = Exchange(
    url="http://hr.example/zp/t20261101_1.html?id=7",
    method="GET",
    request_headers=(("User-Agent", "Qualwatch/0.1"), ("Cookie", "session=secret")),
    status=200,
    reason="OK",
    response_headers=(("Content-Type", "text/html; charset=gb2312"), ("Content-Encoding", "gzip")),
    body=BODY,
    started_at=datetime(2026, 11, 1, 8, 30, 15, 123456, tzinfo=UTC),
)


def files_in(directory: Path) -> list[Path]:
    return sorted(directory.glob("*/*.warc.gz"))


def only_file(directory: Path) -> Path:
    (file,) = files_in(directory)
    return file
