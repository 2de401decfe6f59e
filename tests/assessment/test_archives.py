"""A ZIP that a notice links: each file in it is a document of its own, with the archive as its evidence."""

from __future__ import annotations

import zipfile
from datetime import date
from http.server import BaseHTTPRequestHandler
from io import BytesIO

import pytest

from assessment.archives import ArchiveReading, read_file
from assessment.reading import Answer, Known, ReadingError
from storage.evidence import EvidenceRef
from storage.tables import Document, DocumentVersion, FetchRecord, Finding
from tests.extraction.rar_files import rar4, rar5
from tests.parts.house import House, listing, posting
from tests.parts.loopback import Site, answer
from vocabulary.codes import Outcome

DEMAND = "示例市某局招聘出纳1名，须持有会计从业资格证书。".encode()


def zip_of(members: dict[str, bytes]) -> bytes:
    """A ZIP with names in GBK and no word about it, as Chinese programs write."""
    stream = BytesIO()
    encoded = {name: name.encode("gbk") for name in members}
    with zipfile.ZipFile(stream, "w") as archive:
        for number, (name, body) in enumerate(members.items()):
            archive.writestr(chr(65 + number) * len(encoded[name]), body)
    packed = stream.getvalue()
    for number, raw in enumerate(encoded.values()):
        packed = packed.replace(chr(65 + number).encode() * len(raw), raw)
    return packed


def serve(site: Site, archive: bytes) -> None:
    def conditionally(handler: BaseHTTPRequestHandler) -> None:
        known = handler.headers["If-None-Match"] == '"7"'
        answer(b"" if known else archive, status=304 if known else 200, ETag='"7"')(handler)

    site["/list/"] = listing("/a/20261101_101.html")
    site["/a/20261101_101.html"] = posting("详见附件。", below="<a href='/f/1.zip'>附件：岗位材料.zip</a>")
    site["/f/1.zip"] = conditionally


def test_each_file_of_an_archive_is_judged_with_the_archive_as_evidence(house: House, site: Site) -> None:
    archive = zip_of({"岗位表.txt": DEMAND, "报名须知.txt": "报名时间另行通知，请留意本网站。".encode("gbk")})
    serve(site, archive)
    summary = house.visit()
    assert (summary.errors, summary.findings, summary.attachments) == (0, 1, 3)
    documents = {document.id: document for document in house.rows(Document)}
    [finding] = house.rows(Finding)
    versions = {version.id: version for version in house.rows(DocumentVersion)}
    version = versions[finding.version_id]
    found = documents[version.document_id]
    assert found.title == "示例市某局招聘公告（附件：岗位材料.zip/岗位表.txt）"
    assert found.url == f"{site.address}/f/1.zip#member=%E5%B2%97%E4%BD%8D%E8%A1%A8.txt"
    assert documents[found.parent_id].url == f"{site.address}/f/1.zip"
    ref = EvidenceRef(
        version.evidence_file, version.evidence_record, version.body_sha256, version.evidence_offset
    )
    assert house.context.evidence.read(ref).body == archive


def test_a_rar_is_read_like_a_zip_and_others_in_it_too(house: House, site: Site) -> None:
    inner = rar5({"岗位/岗位表.txt": DEMAND})
    serve(site, rar4({"岗位表.rar": inner, "须知.txt": b"12345678"}, charset="gbk"))
    summary = house.visit()
    assert (summary.errors, summary.findings, summary.attachments) == (0, 1, 3)
    titles = {document.title for document in house.rows(Document)}
    assert "示例市某局招聘公告（附件：岗位材料.zip/岗位表.rar/岗位表.txt）" in titles


def test_an_archive_that_did_not_change_is_not_sent_again(house: House, site: Site) -> None:
    serve(site, zip_of({"岗位表.txt": DEMAND}))
    house.visit()
    house.visit()
    newest = [record for record in house.rows(FetchRecord) if record.visit_id == 2]
    below = {record.url.rpartition("/")[2]: record for record in newest if "1.zip" in record.url}
    assert len(below) == 2
    assert {record.outcome for record in below.values()} == {Outcome.UNCHANGED}
    assert below["1.zip"].http_status == 304
    assert len(house.rows(Finding)) == 1


def test_an_archive_with_the_same_files_and_another_text_in_one_is_kept_anew(
    house: House, site: Site
) -> None:
    archives = [
        zip_of({"岗位表.txt": text}) for text in ("示例市某局招聘出纳1名，条件不限。".encode(), DEMAND)
    ]
    for archive in archives:
        serve(site, archive)
        site["/f/1.zip"] = answer(archive)
        house.visit()
    [finding] = house.rows(Finding)
    [version] = [each for each in house.rows(DocumentVersion) if each.id == finding.version_id]
    ref = EvidenceRef(
        version.evidence_file, version.evidence_record, version.body_sha256, version.evidence_offset
    )
    assert house.context.evidence.read(ref).body == archives[1]


def test_a_member_that_cannot_be_read_fails_alone(house: House, site: Site) -> None:
    serve(site, zip_of({"坏文件.docx": b"PK\x03\x04" + bytes(300), "岗位表.txt": DEMAND}))
    summary = house.visit()
    assert (summary.errors, summary.findings) == (1, 1)
    [broken] = [row for row in house.rows(FetchRecord) if row.outcome is Outcome.UNREADABLE_ATTACHMENT]
    assert broken.url.endswith("/f/1.zip#member=%E5%9D%8F%E6%96%87%E4%BB%B6.docx")
    assert broken.detail


def test_archives_inside_archives_are_read_and_equal_names_told_apart() -> None:
    inner = zip_of({"岗位表.txt": DEMAND})
    known = Known("http://a.example.cn/1.zip", title="材料.zip", is_attachment=True)
    reading = read_file(Answer(zip_of({"甲.zip": inner, "岗位表.txt": DEMAND})), known, date(2026, 11, 21))
    assert isinstance(reading, ArchiveReading)
    assert [member.known.title for member in reading.members] == [
        "材料.zip/甲.zip/岗位表.txt",
        "材料.zip/岗位表.txt",
    ]
    assert all(member.reading and member.reading.result.findings for member in reading.members)
    assert reading.contents.result.findings == ()


def test_an_archive_without_files_is_empty() -> None:
    with pytest.raises(ReadingError) as caught:
        read_file(Answer(zip_of({})), Known("http://a.example.cn/1.zip"), date(2026, 11, 21))
    assert caught.value.outcome is Outcome.EMPTY
