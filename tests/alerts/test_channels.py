"""Channels are found where they lie."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

import alerts.delivery.channels
from alerts.delivery.channels import channel_names, open_channels
from alerts.delivery.outbox import deliver_due
from settings.model import Settings
from tests.alerts.stored import NOW, Posting, report

FILE_CHANNEL = """
from datetime import timedelta
from pathlib import Path

class FileChannel:
    patience = timedelta(seconds=1)

    def __init__(self, directory):
        self.file = Path(directory) / "subjects.txt"

    def send(self, message):
        self.file.write_text(message.subject, encoding="utf-8")

def open_channel(settings):
    return FileChannel(settings.storage.directory)
"""


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A folder beside the shipped channels."""
    folder = tmp_path / "channels" / "subjects"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(FILE_CHANNEL)
    monkeypatch.setattr(
        alerts.delivery.channels, "__path__", [*alerts.delivery.channels.__path__, str(folder.parent)]
    )
    yield "subjects"
    sys.modules.pop("alerts.delivery.channels.subjects", None)


def test_smtp_is_open_only_where_a_server_is_named(settings: Settings) -> None:
    assert sorted(channel_names()) == ["dingtalk", "feishu", "maildir", "smtp", "webhook", "wecom"]
    assert list(open_channels(settings)) == ["maildir"]
    mail = {"channel": "smtp", "smtp": {"host": "mail.example.com", "timeout_seconds": 20}}
    named = open_channels(Settings.model_validate({**settings.model_dump(), "mail": mail}))
    assert sorted(named) == ["maildir", "smtp"]
    assert named["smtp"].patience > timedelta(minutes=3)


def test_a_channel_is_added_by_its_folder_alone(engine: Engine, settings: Settings, added: str) -> None:
    mail = settings.mail.model_copy(update={"channel": added})
    report(engine, settings.model_copy(update={"mail": mail}), Posting("须持有会计从业资格证"))
    assert deliver_due(engine, open_channels(settings), NOW, owner="sender") == 1
    subject = (settings.storage.directory / "subjects.txt").read_text(encoding="utf-8")
    assert subject == "【高】福建省宁德市｜会计从业资格｜福安市某某医院"
