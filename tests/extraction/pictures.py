"""Postings as pictures: rendered when the tests run, then printed, scanned and photographed badly."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

_FONTS = sorted(Path("/usr/share/fonts").rglob("NotoSansCJK-Regular.ttc")) + sorted(
    Path("/usr/share/fonts").rglob("NotoSerifCJK-Regular.ttc")
)
needs_fonts = pytest.mark.skipif(
    not _FONTS, reason="no Chinese font is installed (Debian: fonts-noto-cjk): nothing to draw postings with"
)
A4 = (1240, 1754)
"""Pixels at 150 dots per inch."""

_POSTING = """示例市第二人民医院2026年公开招聘工作人员公告
根据工作需要，经研究决定，面向社会公开招聘工作人员12名，现将有关事项公告如下：
一、招聘岗位及资格条件
1、财务科出纳2名：大专以上学历，须持有会计从业资格证书，
熟练使用财务软件，年龄35周岁以下。
2、心理门诊咨询员1名：应用心理学专业，必须具有二级心理咨询师证书。
3、后勤科电工3名：持有特种作业操作证（低压电工），能适应倒班。
4、物业管理员2名：须取得物业管理师资格证书，三年以上工作经验。
5、营养科配餐员4名：具有公共营养师三级以上证书者优先。
二、报名时间：2026年11月1日至11月20日，逾期不予受理。
三、联系电话：0431-85550123，联系人：王老师、李老师。
示例市第二人民医院
2026年10月28日"""
POSTING = _POSTING.split("\n")
CERTIFICATES = (
    "会计从业资格证书",
    "二级心理咨询师证书",
    "特种作业操作证",
    "物业管理师资格证书",
    "公共营养师",
)
POSITIONS = [
    ["序号", "岗位名称", "人数", "学历要求", "其他要求"],
    ["1", "出纳", "2", "大专及以上", "持有会计从业资格证"],
    ["2", "保育员", "5", "高中及以上", "具有育婴员证书"],
    ["3", "电工", "1", "不限", "持电工操作证"],
]


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONTS[-1]), size, index=2)


def page(lines: Sequence[str] = POSTING, *, size: int = 24, paper: tuple[int, int] = A4) -> Image.Image:
    """Black lines on white paper, from the top."""
    picture = Image.new("L", paper, 255)
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        draw.text((100, 90 + number * size * 2), line, fill=20, font=_font(size))
    return picture


def table(rows: Sequence[Sequence[str]] = POSITIONS) -> Image.Image:
    """A ruled table on a page."""
    picture = Image.new("L", A4, 255)
    draw = ImageDraw.Draw(picture)
    lefts = (80, 180, 400, 520, 760, 1160)
    for number, row in enumerate(rows):
        top = 200 + 60 * number
        for left, right, text in zip(lefts, lefts[1:], row, strict=False):
            draw.rectangle((left, top, right, top + 60), outline=60)
            draw.text((left + 12, top + 14), text, fill=20, font=_font(24))
    return picture


def noisy(picture: Image.Image) -> Image.Image:
    """Specks and grain, as a worn copier leaves them; the same at every run."""
    dice = random.Random(7)  # noqa: S311
    grain = Image.frombytes("L", picture.size, dice.randbytes(picture.width * picture.height))
    grain = grain.point(lambda level: 188 + (level - 128) // 2)
    spoiled = Image.blend(picture, grain, 0.25)
    draw = ImageDraw.Draw(spoiled)
    for _ in range(800):
        x, y = dice.randrange(picture.width), dice.randrange(picture.height)
        draw.ellipse((x, y, x + 2, y + 2), fill=dice.choice((40, 230)))
    return spoiled


def faded(picture: Image.Image) -> Image.Image:
    """Grey letters on grey paper."""
    return picture.point(lambda level: 165 + level * 45 // 255)


def turned(picture: Image.Image, degrees: float = 1.5) -> Image.Image:
    """Laid on the glass a little askew."""
    return picture.rotate(degrees, resample=Image.Resampling.BICUBIC, fillcolor=255)


def blurred(picture: Image.Image) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(1.2))


SPOILED: dict[str, Callable[[Image.Image], Image.Image]] = {
    "as it is": lambda picture: picture,
    "noisy": noisy,
    "faded": faded,
    "turned by 1.5°": turned,
    "blurred": blurred,
    "turned, faded and noisy": lambda picture: noisy(faded(turned(picture, -1.0))),
}


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    """Bytes of the picture as PNG, JPEG, TIFF …, or as a scanned PDF of one page at 150 dots per inch."""
    stream = BytesIO()
    if form == "PDF":
        options = {"resolution": 150.0, **options}
    picture.save(stream, form, **options)
    return stream.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """The beginning of a grey PNG of so many pixels, without any of them."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + head
        + struct.pack(">I", zlib.crc32(head))
        + struct.pack(">I", 2)
        + b"IDATx\x9c"
        + struct.pack(">I", zlib.crc32(b"IDATx\x9c"))
    )


def accuracy(read: str, true: str) -> float:
    """Share of the true text's characters that were read, by edit distance; white space does not count."""
    got, wanted = "".join(read.split()), "".join(true.split())
    row = list(range(len(got) + 1))
    for number, character in enumerate(wanted, 1):
        before, row[0] = row[0], number
        for column, other in enumerate(got, 1):
            changed = before + (character != other)
            before = row[column]
            row[column] = min(changed, row[column] + 1, row[column - 1] + 1)
    return 1 - row[-1] / len(wanted)
