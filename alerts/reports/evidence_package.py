"""The evidence of a case as a ZIP file: pages as they came, headers, quotes, digests, how to check them."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from alerts.reports.texts import masked, on_one_line
from cases.queries import File, read_case
from cases.steps import UnknownCase
from storage.errors import EvidenceError
from storage.evidence import EvidenceRecord, EvidenceStore
from storage.pictures import pictures_of
from storage.proof import evidence_ref, is_page, safe_name
from storage.tables import Document, DocumentVersion, Finding
from vocabulary.areas import region_name
from vocabulary.codes import Severity, Violation
from vocabulary.dates import chinese_day
from vocabulary.names import event_name, name_of
from vocabulary.presentation import displayable, mask_personal_numbers

PLACES = 20
"""Places that a package holds; the sheet says how many there are besides."""
LARGEST = 100_000_000
"""Bytes of all pages together, before packing."""
_SHEET, _SUMS, _PICTURE = "说明.txt", "SHA256SUMS", "网页图片.png"
_EPOCH = (2020, 1, 1, 0, 0, 0)
"""Of every file in it, so that the same evidence is the same package; the sheet has the times that count."""


@dataclass(frozen=True, slots=True)
class _Place:
    folder: str
    document: Document
    version: DocumentVersion
    quotes: tuple[str, ...]
    record: EvidenceRecord | None
    problem: str
    """Why the page is missing; empty where it is there and fits its digest."""
    picture: bytes
    """A PNG of it; empty where none was made, or its digest does not hold."""


def write_evidence(
    session: Session, store: EvidenceStore, case_id: int, zone: ZoneInfo, now: datetime
) -> bytes:
    """The package of a case. A page that is missing or was changed is named in its sheet, and left out.

    Raises ``UnknownCase``.
    """
    file = read_case(session, case_id)
    if file is None:
        raise UnknownCase(f"没有案件{case_id}")
    places, more = _places(session, store, case_id)
    files: dict[str, bytes] = {}
    for place in places:
        files |= _files(place, zone)
    files["办理经过.txt"] = _text(_history(file, zone))
    sums = "".join(f"{sha256(body).hexdigest()}  {name}\n" for name, body in sorted(files.items()))
    files[_SUMS] = sums.encode()
    files[_SHEET] = _text(_sheet(file, places, more, zone, now))
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(
                zipfile.ZipInfo(f"案件{case_id}/{name}", _EPOCH), files[name], zipfile.ZIP_DEFLATED
            )
    return packed.getvalue()


def _places(session: Session, store: EvidenceStore, case_id: int) -> tuple[list[_Place], int]:
    """The latest version of each document in which the case stands, first met first."""
    latest = (
        select_columns(func.max(col(Finding.version_id)).label("version"))
        .join(DocumentVersion, col(DocumentVersion.id) == col(Finding.version_id))
        .where(col(Finding.case_id) == case_id)
        .group_by(col(DocumentVersion.document_id))
        .subquery()
    )
    rows = session.exec(
        select(DocumentVersion, Document)
        .join(Document, col(Document.id) == col(DocumentVersion.document_id))
        .join(latest, latest.c.version == col(DocumentVersion.id))
        .order_by(col(Document.id))
    ).all()
    places, left = [], LARGEST
    for number, (version, document) in enumerate(rows[:PLACES], 1):
        record, problem = _read(store, version)
        if record is not None and len(record.body) > left:
            record, problem = None, "文件过大，未放入证据包，请系统管理员从存档中导出"
        left -= len(record.body) if record else 0
        quotes, picture = _quotes(session, case_id, version), _picture(session, store, version, left)
        left -= len(picture)
        places.append(_Place(f"{number:02}", document, version, quotes, record, problem, picture))
    return places, len(rows) - len(places)


def _read(store: EvidenceStore, version: DocumentVersion) -> tuple[EvidenceRecord | None, str]:
    try:
        return store.read(evidence_ref(version)), ""
    except EvidenceError as error:
        return None, f"证据核对未通过：{on_one_line(str(error), 300)}"


def _picture(session: Session, store: EvidenceStore, version: DocumentVersion, left: int) -> bytes:
    row = pictures_of(session, [version.id or 0]).get(version.id or 0)
    if row is None or row.taken_at is None or row.size > left:
        return b""
    try:
        return store.read(evidence_ref(row)).body
    except EvidenceError:
        return b""


def _quotes(session: Session, case_id: int, version: DocumentVersion) -> tuple[str, ...]:
    found = session.exec(
        select(Finding)
        .where(Finding.case_id == case_id, Finding.version_id == version.id)
        .order_by(col(Finding.start))
    )
    return tuple(
        f"证据编号{finding.id}，第{finding.start + 1}至{finding.end}字：“{masked(finding.quote, 400)}”；"
        f"所在句：{masked(finding.context, 800)}"
        for finding in found
    )


def _files(place: _Place, zone: ZoneInfo) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    if place.record is not None:
        name = safe_name(place.record.url, place.version.media_type)
        files[f"{place.folder}/{name}"] = place.record.body
        files[f"{place.folder}/响应头.txt"] = _text(_headers(place.record, zone))
    if place.picture:
        files[f"{place.folder}/{_PICTURE}"] = place.picture
    text = mask_personal_numbers(place.version.text)
    files[f"{place.folder}/识别文字.txt"] = _text([displayable(line) for line in text.splitlines()])
    files[f"{place.folder}/原文摘录.txt"] = _text(place.quotes)
    return files


def _headers(record: EvidenceRecord, zone: ZoneInfo) -> list[str]:
    return [
        f"网址：{on_one_line(record.url)}",
        f"取得时间：{_moment(record.fetched_at, zone)}",
        f"状态码：{record.status}",
        f"网站证书：{'已验证' if record.certificate_verified else '未验证'}",
        *([f"页面由浏览器生成：{on_one_line(record.drawn_by)}"] if record.drawn_by else []),
        "",
        *(f"{on_one_line(name)}: {on_one_line(value)}" for name, value in record.headers),
    ]


def _history(file: File, zone: ZoneInfo) -> list[str]:
    return [
        "　".join(
            part
            for part in (
                _moment(event.at, zone),
                event_name(event.kind),
                on_one_line(event.actor, 120),
                masked(event.note, 1000),
            )
            if part
        )
        for event in file.events
    ]


def _sheet(file: File, places: Sequence[_Place], more: int, zone: ZoneInfo, now: datetime) -> list[str]:
    case = file.case
    lines = [
        f"证据包：案件{case.id}",
        "",
        f"职业资格：{masked(case.qualification, 120)}",
        f"情形：{name_of(Violation(case.violation))}（{name_of(Severity(case.severity))}）",
        f"发布单位：{masked(case.publisher, 120)}",
        f"地区：{region_name(case.region) or '未识别'}",
        f"标题：{masked(case.title, 240)}",
        f"状态：{name_of(case.state)}",
        f"立案：{chinese_day(case.opened_at.astimezone(zone).date())}",
        f"制作时间：{_moment(now, zone)}",
        "",
        "一、内容",
    ]
    for place in places:
        lines += [
            f"{place.folder}　{masked(place.document.title, 240) or '（无标题）'}",
            f"　　网址：{on_one_line(place.document.url)}",
            f"　　取得时间：{_moment(place.version.seen_at, zone)}",
            f"　　网页 SHA-256：{place.version.body_sha256}",
            f"　　存档：{place.version.evidence_file} {place.version.evidence_record}",
        ]
        if place.picture:
            lines.append(f"　　{_PICTURE} SHA-256：{sha256(place.picture).hexdigest()}")
        elif is_page(place.version):
            lines.append("　　没有网页图片：可在案件的“存档”页面制作后重新下载。")
        lines += [f"　　注意：{place.problem}"] if place.problem else ["　　存档与取得时的摘要一致。"]
    lines += [f"另有{more}处未放入。"] if more else []
    return [*lines, "", *_HOW_TO_CHECK]


_HOW_TO_CHECK = (
    "二、怎样核对",
    "1. 每个文件夹中的网页文件是服务器当时发来的内容，一个字节也没有改动。",
    "　　“网页图片”由浏览器按其内容绘制，不运行脚本，不加载外部内容，只供查看，不代替网页文件。",
    "　　“识别文字”和“原文摘录”由程序从中读出，其中的电话和证件号码已隐去。",
    "2. 网页文件的 SHA-256 摘要应与上面写的“网页 SHA-256”相同：",
    "　　Windows：certutil -hashfile 文件名 SHA256",
    "　　Linux：sha256sum 文件名；在本文件夹中运行 sha256sum -c SHA256SUMS 可一次核对全部文件。",
    "3. 摘要在取得网页时写入数据库和 WARC 存档；",
    "　　系统管理员可按证据编号从存档重新导出并核对（qualwatch evidence 证据编号）。",
    "4. 摘要相同只证明内容自取得以来没有改动；网页现在是否仍是这样，请打开网址查看。",
)


def _text(lines: Sequence[str]) -> bytes:
    """For every editor: UTF-8 with its mark, CRLF."""
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8-sig", "replace")


def _moment(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{chinese_day(local.date())} {local:%H:%M:%S}"
