"""Links in mails prove whom they were sent to, and end."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from itsdangerous import URLSafeSerializer
from sqlalchemy import Engine

from alerts.delivery.links import ExpiredLink, ForgedLink, Purpose, case_links, read_link
from alerts.notifications.digest import send_due_digests
from settings.model import Settings
from tests.alerts.reading import as_mail, html_of, rows, text_of
from tests.alerts.stored import NOW, Posting, mention, report
from vocabulary.codes import Severity

TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下。"
BASE = "https://console.example.com/qualwatch/"


@pytest.fixture
def linked(settings: Settings) -> Settings:
    console = settings.console.model_copy(update={"base_url": BASE})
    return settings.model_copy(update={"console": console})


def _token(url: str) -> str:
    (token,) = parse_qs(urlsplit(url).query)["token"]
    return token


def test_without_a_console_there_are_no_buttons(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    report(engine, settings, Posting(TEXT))
    (row,) = rows(engine)
    assert row.payload["links"] == {}
    assert "打开案件" not in text_of(as_mail(row)) + html_of(as_mail(row))
    assert not (tmp_path / "link.key").exists()


def test_a_mail_has_two_buttons_for_each_case(engine: Engine, linked: Settings) -> None:
    report(engine, linked, Posting(TEXT))
    (row,) = rows(engine)
    own = row.payload["links"]["1"]
    assert own["open"].startswith(f"{BASE}cases/1/open?token=")
    assert own["dismiss"].startswith(f"{BASE}cases/1/dismiss?token=")
    text, html = text_of(as_mail(row)), html_of(as_mail(row))
    for url in own.values():
        assert url in text
        assert f'href="{url}"' in html
        assert len(url) < 300
    link = read_link(linked, _token(own["dismiss"]), NOW)
    assert (link.case_id, link.purpose, link.recipient) == (1, Purpose.DISMISS, "wang@example.com")
    assert link.expires_at == NOW + timedelta(days=14)


def test_a_digest_has_them_too(engine: Engine, linked: Settings) -> None:
    mail = linked.mail.model_copy(update={"immediate_from": "critical"})
    settings = linked.model_copy(update={"mail": mail})
    report(engine, settings, Posting(TEXT), mention(TEXT, severity=Severity.MEDIUM))
    later = NOW + timedelta(days=1)
    send_due_digests(engine, settings, later)
    (row,) = rows(engine)
    assert read_link(settings, _token(row.payload["links"]["1"]["open"]), later).case_id == 1
    assert row.payload["links"]["1"]["open"] in html_of(as_mail(row))


def test_a_link_ends(linked: Settings) -> None:
    token = _token(case_links(linked, 7, "wang@example.com", NOW)["open"])
    last = NOW + timedelta(days=14)
    assert read_link(linked, token, last - timedelta(seconds=1)).case_id == 7
    with pytest.raises(ExpiredLink, match="2026-11-16 01:30 UTC"):
        read_link(linked, token, last)


def test_a_link_that_was_changed_or_made_elsewhere_is_refused(linked: Settings, tmp_path: Path) -> None:
    token = _token(case_links(linked, 7, "wang@example.com", NOW)["open"])
    body, _, signature = token.partition(".")
    other = _token(case_links(linked, 8, "wang@example.com", NOW)["open"])
    for forged in (
        "",
        "x",
        body,
        f"{body}.",
        f"{other.partition('.')[0]}.{signature}",
        token[:-2],
        "\x00",
        "é",
    ):
        with pytest.raises(ForgedLink):
            read_link(linked, forged, NOW)
    key = (tmp_path / "link.key").read_text()
    for elsewhere in (URLSafeSerializer("guess", salt="qualwatch.alerts.links"), URLSafeSerializer(key)):
        with pytest.raises(ForgedLink):
            read_link(linked, str(elsewhere.dumps([7, "open", "wang@example.com", 9_999_999_999])), NOW)


def test_the_key_is_made_once_and_read_by_its_user_alone(linked: Settings, tmp_path: Path) -> None:
    start, tokens = threading.Barrier(8), set[str]()

    def sign() -> None:
        start.wait()
        tokens.add(case_links(linked, 7, "wang@example.com", NOW)["open"])

    threads = [threading.Thread(target=sign) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 1
    assert (tmp_path / "link.key").stat().st_mode & 0o777 == 0o600
    assert len((tmp_path / "link.key").read_text()) >= 40
    assert [file.name for file in tmp_path.glob("link.key*")] == ["link.key"]


def test_a_configured_secret_signs_on_every_machine(linked: Settings, tmp_path: Path) -> None:
    values = {**linked.model_dump(), "console": {"base_url": BASE, "link_secret": "correct horse"}}
    here = Settings.model_validate({**values, "storage": {"directory": str(tmp_path / "a")}})
    there = Settings.model_validate({**values, "storage": {"directory": str(tmp_path / "b")}})
    token = _token(case_links(here, 7, "wang@example.com", NOW)["open"])
    assert read_link(there, token, NOW).case_id == 7
    assert not (tmp_path / "a").exists()
