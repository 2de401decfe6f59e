"""A picture of the archived page, by a real Chromium: of its bytes alone, and kept as evidence."""

from __future__ import annotations

import dataclasses
import struct
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import update
from sqlmodel import Session, select

from crawling.fetching.browser.picture import HEIGHT, WIDTH
from crawling.fetching.fetcher import Fetcher
from jobs.context import Context
from jobs.pictures import take_pictures
from settings.model import Settings
from storage.evidence import Exchange
from storage.pictures import ask_picture, waiting_pictures
from storage.tables import AuditEntry, DocumentVersion, PagePicture
from tests.alerts.stored import NOW
from tests.console.hostile import PAYLOADS
from tests.console.test_desk_browser import CHROMIUM
from tests.console.visitor import Room
from tests.parts.loopback import Site, answer

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")

PATH = "/archive/1/1/picture"
PAGE = "/cases/1/archived/1"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    fetching = settings.fetching.model_copy(update={"browser_path": CHROMIUM or ""})
    return settings.model_copy(update={"fetching": fetching})


@pytest.fixture
def site() -> Iterator[Site]:
    running = Site()
    yield running
    running.close()


def _archive(room: Room, html: str, media_type: str = "text/html") -> None:
    """Have case 1 stand in ``html``, as it was fetched in GB 18030."""
    room.report()
    body = html.encode("gb18030", "xmlcharrefreplace")
    exchange = Exchange("https://hr.example.com/x.html", "GET", (), 200, "OK", (), body, NOW)
    ref = room.context.evidence.write(exchange)
    place = {"evidence_file": ref.file, "evidence_record": ref.record_id, "evidence_offset": ref.offset}
    said = {"media_type": media_type, "charset": "gb18030", "body_sha256": ref.body_sha256}
    with Session(room.engine) as session, session.begin():
        session.execute(update(DocumentVersion).values(**place, **said))


def _row(room: Room) -> PagePicture:
    with Session(room.engine, expire_on_commit=False) as session:
        return session.exec(select(PagePicture)).one()


def _with_browser(room: Room, path: str) -> Context:
    fetching = room.context.settings.fetching.model_copy(update={"browser_path": path})
    return dataclasses.replace(room.context, fetcher=Fetcher(fetching))


def test_a_picture_is_asked_for_taken_shown_and_packed(room: Room) -> None:
    _archive(room, "<h1>招聘启事</h1><p>须持有会计从业资格证</p>" + "<p>行</p>" * 2000)
    seat = room.enter("li@example.com")
    assert "制作图片" in seat.page(PAGE).words
    assert seat.get(f"{PATH}.png").status_code == 404
    assert seat.send(PAGE, PATH).status_code == 303
    assert "正在制作" in seat.page(PAGE).words
    assert take_pictures(room.context) == 1
    assert take_pictures(room.context) == 0
    row, shown = _row(room), seat.get(f"{PATH}.png")
    assert shown.headers["Content-Type"] == "image/png"
    assert sha256(shown.content).hexdigest() == row.body_sha256
    assert struct.unpack(">II", shown.content[16:24]) == (WIDTH, HEIGHT) == (row.width, row.height)
    assert row.is_cut
    assert row.body_sha256 in seat.page(PAGE).words
    packed = zipfile.ZipFile(BytesIO(seat.get("/cases/1/evidence.zip").content))
    assert packed.read("案件1/01/网页图片.png") == shown.content
    assert f"网页图片.png SHA-256：{row.body_sha256}" in packed.read("案件1/说明.txt").decode("utf-8-sig")
    assert row.body_sha256 in packed.read("案件1/SHA256SUMS").decode()
    with Session(room.engine) as session:
        read = session.exec(select(AuditEntry.detail).where(AuditEntry.actor == "li@example.com")).all()
    assert "picture 1" in read


def test_a_hostile_page_sends_nothing_and_is_drawn_all_the_same(room: Room, site: Site) -> None:
    for path in ("/moved", "/x.css", "/bg.png", "/frame", "/img.png", "/p", "/v", "/ws"):
        site[path] = answer("<h1>elsewhere</h1>")
    here = site.address
    hostile = "".join(PAYLOADS).replace("//evil.example", here)
    _archive(
        room,
        f"<meta http-equiv=refresh content='0;url={here}/moved'><link rel=stylesheet href={here}/x.css>"
        f"<link rel=preconnect href={here}><link rel=prefetch href={here}/p>"
        f"<style>body {{ background: #0a0 url({here}/bg.png) }}</style><h1>招聘启事</h1>"
        f"<img src={here}/img.png><iframe src={here}/frame></iframe><video src={here}/v autoplay></video>"
        f"<script>document.body.style.background = '#a00'; new WebSocket('ws{here[4:]}/ws')</script>"
        "<script>alert(1)</script>" + hostile,
    )
    with room.context.transaction() as session:
        ask_picture(session, 1, actor="li@example.com", now=NOW)
    assert take_pictures(room.context) == 1
    assert site.asked == []
    png = room.enter("li@example.com").get(f"{PATH}.png").content
    assert _pixel(png) == (0, 0xAA, 0)  # as the page says, and not as its script would have it


def test_where_no_browser_is_installed_the_page_says_so(room: Room) -> None:
    _archive(room, "<h1>招聘启事</h1>")
    seat = room.enter("li@example.com")
    assert seat.send(PAGE, PATH).status_code == 303
    without = _with_browser(room, "/nowhere/chromium")
    assert take_pictures(without) == 0
    without.fetcher.close()
    words = seat.page(PAGE).words
    assert "没有制成图片：运行监测程序的机器上没有安装浏览器" in words
    with zipfile.ZipFile(BytesIO(seat.get("/cases/1/evidence.zip").content)) as packed:
        assert "没有网页图片" in packed.read("案件1/说明.txt").decode("utf-8-sig")
    assert seat.send(PAGE, PATH).status_code == 303  # once one is there
    assert take_pictures(room.context) == 1


def test_evidence_that_does_not_hold_gives_no_picture(room: Room) -> None:
    _archive(room, "<h1>招聘启事</h1>")
    with Session(room.engine) as session, session.begin():
        session.execute(update(DocumentVersion).values(body_sha256="0" * 64))
        ask_picture(session, 1, actor="li@example.com", now=NOW)
    assert take_pictures(room.context) == 0
    assert _row(room).problem
    with Session(room.engine) as session:
        assert waiting_pictures(session, 9) == []


def test_files_and_cases_of_others_get_none(room: Room) -> None:
    _archive(room, "%PDF-1.7", media_type="application/pdf")
    seat = room.enter("li@example.com")
    assert "网页图片" not in seat.page(PAGE).words
    assert seat.post(PATH, seat.key).status_code == 404
    for path in ("/archive/1/9/picture", "/archive/9/1/picture"):
        assert seat.post(path, seat.key).status_code == 404
        assert seat.get(f"{path}.png").status_code == 404
    assert seat.post(PATH, {}).status_code == 403
    with Session(room.engine) as session:
        assert session.exec(select(PagePicture)).all() == []


def _pixel(png: bytes) -> tuple[int, int, int]:
    """The colour at the right edge of a picture, some lines down."""
    with Image.open(BytesIO(png)) as picture:
        found = picture.convert("RGB").crop((WIDTH - 2, 3, WIDTH - 1, 4)).tobytes()
    return found[0], found[1], found[2]
