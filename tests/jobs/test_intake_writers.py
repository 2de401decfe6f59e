"""Whoever reports must never be named: the principle, over every way in which mails name people."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from assessment.message_signatures import signed_by, signed_in_file
from assessment.message_writers import masked
from assessment.messages import open_message
from assessment.workers import Workers
from jobs.tasks import take_steps
from jobs.visits.intake import take_in
from settings.model import Intake, Settings
from storage.tables import IntakeReporter, OutboxMessage
from tests.parts.house import House, furnished
from tests.parts.loopback import Site

POSTING = "示例市某公司招聘会计，{name}前去应聘，被告知须持有会计从业资格证书。"


@pytest.fixture
def house(settings: Settings, site: Site, workers: Workers, tmp_path: Path) -> Iterator[House]:
    intake = Intake(directory=str(tmp_path / "intake"), region="350100")
    with furnished(settings.model_copy(update={"intake": intake}), site, workers=workers) as open_house:
        yield open_house


def word(text: str, charset: str, declared: str) -> bytes:
    return f"=?{declared}?B?{base64.b64encode(text.encode(charset)).decode()}?=".encode()


HEADERS = {
    "GBK as gb2312": ("李喆", b"From: " + word("李喆", "gbk", "gb2312") + b" <c@example.com>"),
    "within quotes": ("李喆", b'From: "' + word("李喆", "gbk", "gb2312") + b'" <c@example.com>'),
    "raw UTF-8": ("孙七丁", "From: 孙七丁 <e@example.com>".encode()),
    "raw GBK": ("孙七丁", "From: 孙七丁 <e@example.com>".encode("gbk")),
    "raw GBK, a backslash within": ("朱镕乙", "From: 朱镕乙 <e@example.com>".encode("gbk")),
    "UTF-8 as gb2312": ("孙七丁", b"From: " + word("孙七丁", "utf-8", "gb2312") + b" <e@example.com>"),
    "Latin 1 as declared": ("孙七丁", b"From: " + word("孙七丁", "gbk", "iso-8859-1") + b" <e@example.com>"),
    "Big5": ("孫七丁", b"From: " + word("孫七丁", "big5", "big5") + b" <e@example.com>"),
    "cut in two": (
        "孙七丁",
        b"From: =?utf-8?B?5a2Z5A==?=\r\n =?utf-8?B?uIPkuIE=?= <e@example.com>",
    ),
    "spaced": ("孙七丁", "From: 孙 七 丁 <e@example.com>".encode()),
    "after the address": ("孙七丁", "From: e@example.com (孙七丁)".encode()),
    "surname last": ("孙七丁", b"From: =?utf-8?B?5LiD5LiB77yM5a2Z5LiD5LiB?= <e@example.com>"),
    "another header": ("孙七丁", "From: a@example.com\r\nReply-To: 孙七丁 <e@example.com>".encode("gbk")),
    "before the @": ("孙七丁", "From: <孙七丁@example.com>".encode()),
    "as entities": ("孙七丁", b"From: &#23385;&#19971;&#19969; <e@example.com>"),
    "in UTF-7": ("孙七丁", b"From: =?utf-7?Q?+W1lOA04B-?= <e@example.com>"),
    "without an encoding": (
        "孙七丁",
        b"From: " + word("孙七丁", "gbk", "gbk").replace(b"gbk", b"") + b" <e@example.com>",
    ),
    "in a group": ("孙七丁", "From: 举报:孙七丁 <e@example.com>;".encode()),
    "in Latin letters": ("Sun Qiding", b"From: Sun Qiding <e@example.com>"),
    "joined to a number": ("孙七丁", "From: 孙七丁-财务 <e@example.com>".encode()),
    "in parts, another dot": ("买买提·艾力", "From: 买买提•艾力 <e@example.com>".encode()),
    "with a dot, in Latin letters": ("Zhang.Wei", b'From: "Zhang.Wei" <e@example.com>'),
    "short, in Latin letters": ("Li Wu", b"From: Li Wu <e@example.com>"),
    "by its address alone": ("Li Zhe", b"From: li.zhe@example.com"),
    "below a line that is no header": ("孙七丁", "a broken line\r\nFrom: 孙七丁 <e@example.com>".encode()),
    "in a header of the mailer's": ("孙七丁", "From: e@example.com\r\nX-Mailer-Sender: 孙七丁".encode()),
    "partly lost": ("孙七", b"From: " + word("孙七", "gbk", "gbk")[:-2] + b"!?= <e@example.com>"),
}


def shown(house: House) -> str:
    """Every row that anybody may be shown, letters in full among them."""
    tables = [
        mapper.class_ for mapper in SQLModel._sa_registry.mappers if mapper.class_ is not IntakeReporter
    ]
    return "\n".join(str(row.model_dump()) for table in tables for row in house.rows(table))


@pytest.mark.parametrize("case", HEADERS)
def test_no_row_names_the_writer_of_the_header(
    house: House, case: str, capfd: pytest.CaptureFixture[str]
) -> None:
    name, header = HEADERS[case]
    text = POSTING.format(name=name) + f"\n{name} {' '.join(name)}"
    raw = (
        header
        + b"\r\nSubject: "
        + word(f"{name}举报", "gbk", "gb2312")
        + b"\r\nMessage-ID: <1@example.com>\r\n"
    )
    raw += b"Content-Type: text/plain; charset=gb18030\r\n\r\n" + text.encode("gb18030")
    box = Path(house.context.settings.intake.directory) / "new"
    box.mkdir(parents=True)
    (box / "1").write_bytes(raw)
    assert take_in(house.context).findings == 1
    take_steps(house.context)
    assert house.rows(OutboxMessage)
    logged = capfd.readouterr()
    for told in (shown(house), logged.out, logged.err):
        assert name not in told
        assert name.isascii() or " ".join(name) not in told
        assert "e@example.com" not in told


@pytest.mark.parametrize(
    ("letter", "private"),
    [
        ("正文。\n此致\n敬礼！\n孙 七 丁\n2026年11月20日", {"孙七丁"}),
        ("举报人（实名）：李喆，电话13800000000", {"李喆", "13800000000"}),
        ("我叫王小二，我要举报某公司。", {"王小二"}),
        ("本人孙七丁，今年前去应聘。", {"孙七丁"}),
        ("正文。\n联系人：王大山 139 0000 1111", {"王大山", "13900001111"}),
        ("正文。\n-- \n孙七丁\n示例路1号", {"孙七丁", "示例路1号", "示例路"}),
        (
            "正文。\n孙七丁\n\n------ 原始邮件 ------\n发件人: 人事部\n一\n二\n三\n四\n五\n六\n七",
            {"孙七丁"},
        ),
        ("正文。\n孙七丁\nQQ：1234567 a@b.cn", {"孙七丁", "1234567", "a@b.cn"}),
        ("正文。\n李喆 敬上", {"李喆"}),
        ("正文。\n此致敬礼！李喆", {"李喆"}),
        ("正文。\n二〇二六年十一月二十日 李喆（签名）", {"李喆"}),
        ("正文。\n李喆 王小二\n2026年11月20日", {"李喆", "王小二"}),
        ("举报人：李喆、王小二", {"李喆", "王小二"}),
        ("我是示例大学的学生李喆，前去应聘。", {"李喆"}),
        ("正文。\n买买提·艾力\n2026年11月20日", {"买买提·艾力", "买买提", "艾力"}),
        ("正文。\nBest regards,\nLi Zhe", {"Li Zhe", "Zhe Li", "Zhe"}),
        ("我的电话是138-0000-0000。" + "\n补充说明。" * 12, {"13800000000"}),
        ("正文。\n住址：示例路1号", {"示例路1号"}),
        ("发件人：人事部 <hr@b.cn>\n收件人：李喆 <l@b.cn>" + "\n补充说明。" * 9, {"李喆", "l@b.cn"}),
        ("回复如下：\n尊敬的李喆女士：请带证书。" + "\n补充说明。" * 9, {"李喆"}),
        ("李喆实名举报某公司。", {"李喆"}),
        ("联系人：李喆\n" + "补充说明。\n" * 12, {"李喆"}),
        ("姓  名：李  喆\n正文。", {"李喆"}),
        ("本人，李喆，实名举报。", {"李喆"}),
        ("正文。\n李喆 电话：13800000000", {"李喆", "13800000000"}),
        ("正文。\n李喆……", {"李喆"}),
        ("正文。\n李喆 | 会计 | 示例公司", {"李喆"}),
        ("正文。\n来自李喆", {"李喆"}),
        ("我女儿李喆前去应聘。", {"李喆", "李喆前"}),
        ("> 李喆：\n> 您好！请带证书。" + "\n补充说明。" * 9, {"李喆"}),
        ("Hi 李喆，\n请带证书。" + "\n补充说明。" * 9, {"李喆"}),
        ("在 2026年11月20日，上午10:00，李喆 <l@b.cn> 写道：" + "\n补充说明。" * 9, {"李喆"}),
        ("通知\n招聘单位：示例公司\n要求：应届，高中\n薪资面议", set()),
        ("领导您好：\n要求：高中学历\n热心市民\n2026年11月20日", set()),
        ("关于举报某公司的情况", set()),
        ("本人高中毕业，应聘会计。\n常州市\n一、岗位", set()),
        ("请看 http://example.cn/n/13800000000.html", set()),
    ],
)
def test_a_signature_is_private_and_nothing_else(letter: str, private: set[str]) -> None:
    assert signed_by(letter) == private


def test_a_notice_that_is_sent_as_proof_names_its_own_people() -> None:
    notice = "示例公司招聘会计。\n联系人：王大山 13800000000\n示例公司"
    assert signed_in_file(notice, "招聘公告.docx") == set()
    assert signed_in_file(f"举报信\n{notice}") >= {"王大山", "13800000000"}
    assert signed_in_file("情况说明\n举报人李喆：已核对。") == {"李喆"}


@pytest.mark.parametrize("encoded", [False, True])
def test_a_letter_that_a_hotline_sends_on_names_nobody(encoded: bool) -> None:
    inner = "From: 李喆 <lizhe@b.cn>\nSubject: x\n\n李喆：须持有会计证，lizhe@b.cn".encode()
    form = b"application/octet-stream\nContent-Transfer-Encoding: base64" if encoded else b"message/rfc822"
    raw = b"From: a@c.cn\nContent-Type: multipart/mixed; boundary=q\n\n--q\nContent-Type: " + form
    raw += b"\n\n" + (base64.encodebytes(inner) if encoded else inner) + b"\n--q--\n"
    assert {"李喆", "lizhe@b.cn"} <= set(open_message(raw).private)


@pytest.mark.parametrize("subject", ["来自李喆的举报", "举报信-李喆", "举报（李喆）", "回复：李喆的面试邀请"])
def test_a_subject_names_nobody(subject: str) -> None:
    opened = open_message(f"From: a@b.cn\nSubject: {subject}\n\n应聘通知".encode())
    assert "李喆" in opened.private
    assert "应聘" not in opened.private


def test_what_adorns_a_name_or_is_joined_to_it_hides_it_not() -> None:
    header = "From: ★李喆★ LiZhe <zhangxiaoming1990@b.cn>\n\n正文"
    private = open_message(header.encode()).private
    assert masked("李喆 Li Zhe zhangxiaoming", private).replace("＊", "").strip() == ""


def test_a_name_is_starred_however_it_is_written() -> None:
    assert masked(
        "买买提.艾力 ZhangWei zhang_wei QQ12345678 138-0000-1234", ("买买提·艾力", "Zhang Wei")
    ) == ("＊＊＊＊＊＊ ＊＊＊＊＊＊＊＊ ＊＊＊＊＊＊＊＊＊ QQ12345678 138-0000-1234")
    assert (
        masked("QQ12345678 138-0000-1234", ("12345678", "13800001234"))
        == "QQ＊＊＊＊＊＊＊＊ ＊＊＊＊＊＊＊＊＊＊＊＊＊"
    )


def test_a_signed_letter_shows_no_signature(house: House) -> None:
    text = POSTING.format(name="本人孙七丁，") + "\n此致敬礼\n孙七丁\n13800000000"
    box = Path(house.context.settings.intake.directory) / "new"
    box.mkdir(parents=True)
    (box / "1").write_bytes(
        b"From: x@example.com\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text.encode()
    )
    assert take_in(house.context).findings == 1
    assert "孙七丁" not in shown(house)


def test_an_address_that_names_the_writer_is_not_asked_for(house: House) -> None:
    box = Path(house.context.settings.intake.directory) / "new"
    box.mkdir(parents=True)
    link = f"{house.site.address}/n?who=zhao.jubao%40example.org"
    (box / "1").write_bytes(b"From: zhao.jubao@example.org\r\n\r\n" + link.encode())
    take_in(house.context)
    assert not [path for path, _ in house.site.asked if "/n?" in path]
    assert "zhao.jubao" not in shown(house)


def test_a_name_is_starred_within_the_quote_too_unless_it_is_the_certificate() -> None:
    assert masked("李 喆会计证", ("李喆",)) == "＊＊＊会计证"
    assert masked("Li Zhe, Linda", ("Li",)) == "＊＊ Zhe, Linda"
    assert masked("会计从业资格证书", ("会计从业资格证书",), [(0, 8)]) == "会计从业资格证书"


def test_a_subject_that_cannot_be_decoded_is_not_quoted() -> None:
    opened = open_message(b"From: a@b.cn\r\nSubject: =?gbk?B?wO6G?=\r\n\r\ntext")
    assert opened.subject == ""
