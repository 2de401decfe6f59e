"""Archives: members by their Chinese names, and archives that mean harm."""

from __future__ import annotations

import sys
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO

import libarchive
import pytest

from extraction import ArchiveLimits, UnreadableError, UnsupportedFormatError, expand_archive, extract
from tests.extraction.rar_files import rar4, rar5

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


def test_what_is_no_archive_is_refused() -> None:
    with pytest.raises(UnsupportedFormatError, match="ZIP"):
        list(expand_archive(b"no archive"))


# RAR, 7z and TAR

FILES = {"公告/附件1：岗位表.txt": "须持有会计从业资格证".encode(), "说明.txt": b"12345"}
NAMES = ["附件1：岗位表.txt", "说明.txt"]


def packed(form: str, packing: str | None = None, files: Mapping[str, bytes] = FILES) -> bytes:
    """An archive that libarchive writes."""
    blocks: list[bytes] = []

    def write(block: bytes) -> int:
        blocks.append(bytes(block))
        return len(block)

    with libarchive.custom_writer(write, form, packing) as archive:
        for name, content in files.items():
            archive.add_file_from_memory(name, len(content), content)
    return b"".join(blocks)


def archives() -> dict[str, bytes]:
    return {
        "rar4, names in GBK": rar4({n.replace("/", "\\"): data for n, data in FILES.items()}, charset="gbk"),
        "rar4, names in Unicode": rar4(FILES),
        "rar5": rar5(FILES),
        "7z": packed("7zip"),
        "tar": packed("ustar"),
        "tar.gz": packed("pax", "gzip"),
        "tar.xz": packed("pax", "xz"),
    }


@pytest.mark.parametrize("kind", archives())
def test_archives_of_other_kinds_are_unpacked_with_their_chinese_names(kind: str) -> None:
    members = list(expand_archive(archives()[kind]))
    assert members == list(zip(NAMES, FILES.values(), strict=True))


@pytest.mark.parametrize("kind", archives())
def test_archives_of_other_kinds_keep_the_same_limits(kind: str) -> None:
    for limits in (ArchiveLimits(members=1), ArchiveLimits(member_bytes=20), ArchiveLimits(total_bytes=31)):
        with pytest.raises(UnreadableError, match="by hand"):
            list(expand_archive(archives()[kind], limits))


@pytest.mark.parametrize(
    "body", [rar4(FILES, password=True), rar5(FILES, hides="names"), rar5(FILES, hides="contents")]
)
def test_a_protected_rar_asks_for_an_open_copy(body: bytes) -> None:
    with pytest.raises(UnreadableError, match="password"):
        list(expand_archive(body))


def test_a_rar_cut_short_gives_what_is_whole_and_says_so() -> None:
    for body in (rar4(FILES), rar5(FILES)):
        read = []
        with pytest.raises(UnreadableError, match="fetch it again"):
            read += [name for name, _ in expand_archive(body[: body.index(b"12345") + 2])]
        assert set(read) <= {NAMES[0]}
    first = rar5(dict([next(iter(FILES.items()))]))[:-8]
    members = expand_archive(first)
    assert next(members)[0] == NAMES[0]
    with pytest.raises(UnreadableError, match="cut short"):
        next(members)


@pytest.mark.parametrize(
    "name", ["../../etc/cron.d/x.txt", "C:\\Windows\\x.txt", "/srv/x.txt", "a/\u202ex.txt"]
)
@pytest.mark.parametrize("pack", [rar4, rar5])
def test_names_in_a_rar_lead_nowhere(name: str, pack: Callable[[Mapping[str, bytes]], bytes]) -> None:
    assert [found for found, _ in expand_archive(pack({name: b"words"}))] == ["x.txt"]


def test_a_size_that_a_rar_only_claims_is_not_believed() -> None:
    assert list(expand_archive(rar4({"a.txt": b"words"}, unpacked=9))) == [("a.txt", b"words")]
    with pytest.raises(UnreadableError, match="bomb"):
        list(expand_archive(rar4({"a.txt": b"words"}, unpacked=2**31)))


def test_a_bomb_in_a_tarball_ends_at_the_limit() -> None:
    with pytest.raises(UnreadableError, match="bomb"):
        list(
            expand_archive(
                packed("pax", "gzip", {"zeros.txt": bytes(40 << 20)}), ArchiveLimits(total_bytes=9 << 20)
            )
        )


def test_links_and_devices_in_a_tarball_are_left_out() -> None:
    stream = BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE):
            entry = tarfile.TarInfo("passwd.txt")
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
        entry = tarfile.TarInfo("a.txt")
        entry.size = 5
        archive.addfile(entry, BytesIO(b"words"))
    assert list(expand_archive(stream.getvalue())) == [("a.txt", b"words")]


@pytest.mark.parametrize(
    "body",
    [b"7z\xbc\xaf\x27\x1c" + bytes(range(99)), b"Rar!\x1a\x07\x00" + bytes(99), b"\x1f\x8b" + bytes(99)],
)
def test_a_damaged_archive_says_what_to_do(body: bytes) -> None:
    with pytest.raises(UnreadableError, match="fetch it again"):
        list(expand_archive(body))


def test_a_system_without_libarchive_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "libarchive", None)
    with pytest.raises(UnsupportedFormatError, match="apt-get install libarchive-tools"):
        list(expand_archive(rar5(FILES)))
