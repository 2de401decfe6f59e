"""ZIP archives: members by their Chinese names, and archives that mean harm."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO

import pytest

from extraction import ArchiveLimits, UnreadableError, UnsupportedFormatError, expand_archive, extract

Pack = Callable[[Mapping[str, str | bytes]], bytes]


def pack_as_windows(name: str, content: bytes) -> bytes:
    """A ZIP whose member's name is in GBK without a flag, as Chinese Windows writes it."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x" * len(name.encode("gbk")), content)
    return stream.getvalue().replace(b"x" * len(name.encode("gbk")), name.encode("gbk"))


def test_names_in_gbk_and_in_utf8_come_out_right(make_zip: Pack) -> None:
    assert [name for name, _ in expand_archive(pack_as_windows("附件1：岗位表.txt", b"abc"))] == [
        "附件1：岗位表.txt"
    ]
    assert [name for name, _ in expand_archive(make_zip({"附件2：须知.txt": "x"}))] == ["附件2：须知.txt"]


def test_members_are_read_like_any_file(make_zip: Pack, docx_bytes: bytes) -> None:
    members = list(expand_archive(make_zip({"公告/岗位表.docx": docx_bytes, "说明.txt": "应持有会计证"})))
    assert [(name, extract(body, name=name).title) for name, body in members] == [
        ("岗位表.docx", "某市事业单位公开招聘公告"),
        ("说明.txt", "应持有会计证"),
    ]


@pytest.mark.parametrize(
    "name", ["../../etc/cron.d/x.txt", "C:\\Windows\\x.txt", "/srv/x.txt", "a/\u202ex\x01.txt"]
)
def test_names_lead_nowhere(name: str, make_zip: Pack) -> None:
    assert [found for found, _ in expand_archive(make_zip({name: "words"}))] == ["x.txt"]


def test_an_archive_beyond_its_limits_is_refused(make_zip: Pack) -> None:
    bomb = make_zip({"zeros.txt": bytes(3_000_000)})
    for limits in (ArchiveLimits(total_bytes=1_000_000), ArchiveLimits(member_bytes=1_000_000)):
        with pytest.raises(UnreadableError, match="by hand"):
            list(expand_archive(bomb, limits))
    many = make_zip({f"{number}.txt": "x" for number in range(300)})
    with pytest.raises(UnreadableError, match="300 files"):
        list(expand_archive(many))


def test_a_protected_archive_asks_for_an_open_copy(make_zip: Pack) -> None:
    body = bytearray(make_zip({"a.txt": "words"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(mark) + offset] |= 1
    with pytest.raises(UnreadableError, match="password"):
        list(expand_archive(bytes(body)))


def test_a_damaged_member_names_itself(make_zip: Pack) -> None:
    body = make_zip({"岗位表.txt": "会计从业资格证" * 50})
    broken = bytearray(body)
    start = body.index("岗位表.txt".encode()) + len("岗位表.txt".encode()) + 5
    broken[start : start + 8] = bytes(8)
    with pytest.raises(UnreadableError, match=r"岗位表\.txt"):
        list(expand_archive(bytes(broken)))


@pytest.mark.parametrize(
    "body", [b"Rar!\x1a\x07\x00" + bytes(99), b"7z\xbc\xaf\x27\x1c" + bytes(99), b"no archive"]
)
def test_other_archives_are_refused_with_advice(body: bytes) -> None:
    with pytest.raises(UnsupportedFormatError, match="ZIP"):
        list(expand_archive(body))
