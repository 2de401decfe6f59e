"""Secrets in files of their own, and that none is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from settings import SettingsError, load_settings

TEXT = """
[storage]
database_file = "secrets/database"
[mail]
channel = "smtp"
[mail.smtp]
host = "mail.example.cn"
password_file = "secrets/smtp"
[intake.imap]
password_file = "secrets/imap"
[console]
link_secret_file = "secrets/link"
contact_key_file = "secrets/contact"
[[chats]]
name = "office"
channel = "webhook"
secret_url_file = "secrets/chat"
"""
SECRETS = {
    "database": "postgresql://qualwatch:geheim-1@db/qualwatch",
    "smtp": "geheim-2",
    "imap": "geheim-3\n",
    "link": "geheim-4\r\n",
    "contact": "geheim-6",
    "chat": "https://example.cn/hook/geheim-5",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "secrets").mkdir()
    for name, secret in SECRETS.items():
        (tmp_path / "secrets" / name).write_text(secret)
    path = tmp_path / "qualwatch.toml"
    path.write_text(TEXT)
    return path


def test_every_secret_may_stand_in_a_file_beside_the_configuration(file: Path) -> None:
    settings = load_settings(file)
    assert settings.storage.database_url == SECRETS["database"]
    assert settings.mail.smtp.password.get_secret_value() == "geheim-2"
    assert settings.intake.imap.password.get_secret_value() == "geheim-3"
    assert settings.console.link_secret.get_secret_value() == "geheim-4"
    assert settings.console.contact_key.get_secret_value() == "geheim-6"
    assert settings.chats[0].secret_url.get_secret_value() == SECRETS["chat"]
    assert {"geheim-1", "geheim-2", "geheim-3", "geheim-4", SECRETS["chat"]} <= set(settings.secrets())
    assert "geheim" not in repr(settings)


def test_the_environment_names_such_a_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "smtp").write_text("geheim")
    monkeypatch.setenv("QUALWATCH_MAIL__SMTP__PASSWORD_FILE", str(tmp_path / "smtp"))
    assert load_settings().mail.smtp.password.get_secret_value() == "geheim"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (None, "cannot be read"),
        (b"", "holds no secret"),
        (b"geheim\nzwei\n", "holds no secret"),
        (b"\xff\xfegeheim", "not UTF-8"),
        (b"geheim" * 20_000, "holds no secret"),
    ],
)
def test_a_file_without_a_secret_is_refused_and_not_quoted(file: Path, body: bytes | None, said: str) -> None:
    secret = file.parent / "secrets" / "smtp"
    secret.unlink()
    if body is not None:
        secret.write_bytes(body)
    with pytest.raises(SettingsError, match=f"mail.smtp.password_file: .*{said}") as caught:
        load_settings(file)
    assert "geheim" not in str(caught.value)


def test_both_a_secret_and_its_file_are_refused(file: Path) -> None:
    file.write_text(TEXT.replace("[intake.imap]", '[intake.imap]\npassword = "geheim"'))
    with pytest.raises(SettingsError, match=r"intake.imap.password_file: password is set as well") as caught:
        load_settings(file)
    assert "geheim" not in str(caught.value)


def test_a_chat_needs_an_address(tmp_path: Path) -> None:
    file = tmp_path / "qualwatch.toml"
    file.write_text('[[chats]]\nname = "office"\nchannel = "webhook"\n')
    with pytest.raises(SettingsError, match=r"line 1: .*office has no address"):
        load_settings(file)
