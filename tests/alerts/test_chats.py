"""Chats and webhooks over real sockets, each as its own robot takes it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Engine

from alerts.delivery.channels import (
    ChannelDown,
    PermanentFailure,
    Rendered,
    TemporaryFailure,
    dingtalk,
    feishu,
    open_channels,
    wecom,
)
from alerts.delivery.outbox import deliver_due
from settings import SettingsError
from settings.model import Settings
from tests.alerts.chatserver import ChatServer
from tests.alerts.mailserver import free_port
from tests.alerts.reading import rows
from tests.alerts.stored import NOW, Posting, report
from vocabulary.codes import OutboxState

TEXT = "二、条件：须持有会计从业资格证，联系电话13812345678。"
KEY = "0123456789abcdef0123456789abcdef"
ROBOTS = {
    "wecom": f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}",
    "dingtalk": f"https://oapi.dingtalk.com/robot/send?access_token={KEY}",
    "feishu": f"https://open.feishu.cn/open-apis/bot/v2/hook/{KEY}",
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    """In the place of the three companies' servers, and a webhook."""
    with ChatServer().serving() as server:
        here = f"http://{server.address}"
        for channel in (wecom, dingtalk, feishu):
            name = channel.__name__.rpartition(".")[2]
            monkeypatch.setattr(channel, "ADDRESS", f"{here}/{name}")
        yield server


def _settings(*chats: tuple[str, str, str]) -> Settings:
    return Settings.model_validate(
        {
            "supervisors": [
                {"name": "王", "email": "wang@example.com", "chats": [name for name, _, _ in chats]}
            ],
            "chats": [{"name": name, "channel": channel, "secret_url": url} for name, channel, url in chats],
        }
    )


def _message(recipient: str = "office", brief: str = "须持有【会计从业资格证】") -> Rendered:
    return Rendered("<1@localhost>", recipient, "", "【高】福建省", "长文", "<p>", NOW, brief=brief)


def _said(channel: str, posted: Any) -> str:
    if channel == "webhook":
        return f"{posted['title']}\n{posted['message']}"
    return str(posted["content"]["text"] if channel == "feishu" else posted["text"]["content"])


def _url(channel: str, server: ChatServer) -> str:
    return ROBOTS.get(channel, f"http://{server.address}/hook?team=1")


@pytest.mark.parametrize("channel", ["wecom", "dingtalk", "feishu", "webhook"])
def test_a_chat_is_told_in_a_few_lines(engine: Engine, server: ChatServer, channel: str) -> None:
    settings = _settings(("office", channel, _url(channel, server)))
    report(engine, settings, Posting(TEXT))
    mail, chat = rows(engine)
    assert (mail.channel, chat.channel, chat.recipient) == ("maildir", channel, "office")
    channels = {name: opened for name, opened in open_channels(settings).items() if name == channel}
    assert deliver_due(engine, channels, NOW, owner="sender") == 1
    ((path, posted),) = server.posted
    assert path.startswith("/hook" if channel == "webhook" else f"/{channel}")
    said = _said(channel, posted)
    assert "【高】福建省宁德市｜会计从业资格｜福安市某某医院" in said
    assert "条件：须持有【会计从业资格证】，联系电话138******78" in said
    assert "https://hr.example.com/notice/1.html" in said
    assert rows(engine)[1].state is OutboxState.SENT


@pytest.mark.parametrize("channel", ["wecom", "dingtalk", "feishu"])
def test_a_robot_that_answers_200_with_an_error_has_not_taken_the_message(
    server: ChatServer, channel: str
) -> None:
    opened = open_channels(_settings(("office", channel, ROBOTS[channel])))[channel]
    server.answers = [
        (200, '{"errcode": 45009, "code": 9499, "errmsg": "api freq out of limit"}'),
        (200, "<html>维护中</html>"),
        (200, "{}"),
        (200, "[]"),
        (502, "bad gateway"),
    ]
    for words in ("code", "no JSON", "no code", "no", "HTTP 502"):
        with pytest.raises(TemporaryFailure, match=words):
            opened.send(_message())
    opened.send(_message())
    assert len(server.posted) == 6


def test_a_webhook_says_by_its_status_whether_it_took_the_message(server: ChatServer) -> None:
    opened = open_channels(_settings(("office", "webhook", f"http://{server.address}/hook")))["webhook"]
    server.answers = [(503, ""), (413, ""), (204, "")]
    with pytest.raises(TemporaryFailure, match="HTTP 503"):
        opened.send(_message())
    with pytest.raises(PermanentFailure, match="HTTP 413"):
        opened.send(_message())
    opened.send(_message())


def test_a_server_that_is_not_there_is_a_channel_that_is_down(server: ChatServer) -> None:
    opened = open_channels(_settings(("office", "webhook", f"http://127.0.0.1:{free_port()}/")))["webhook"]
    with pytest.raises(ChannelDown, match="cannot be reached"):
        opened.send(_message())


def test_after_an_answer_a_lost_connection_is_still_noticed(server: ChatServer) -> None:
    settings = _settings(
        ("office", "webhook", f"http://{server.address}/hook"),
        ("gone", "webhook", f"http://127.0.0.1:{free_port()}/"),
    )
    opened = open_channels(settings)["webhook"]
    opened.send(_message())
    with pytest.raises(ChannelDown):
        opened.send(_message("gone"))


def test_a_chat_that_was_taken_out_of_the_configuration_is_a_dead_letter(server: ChatServer) -> None:
    opened = open_channels(_settings(("office", "wecom", ROBOTS["wecom"])))["wecom"]
    with pytest.raises(PermanentFailure, match="no chat is called 'gone'"):
        opened.send(_message("gone"))


def test_a_long_message_is_cut_to_what_the_robot_takes(server: ChatServer) -> None:
    opened = open_channels(_settings(("office", "wecom", ROBOTS["wecom"])))["wecom"]
    opened.send(_message(brief="会计从业资格证" * 1000))
    ((_, posted),) = server.posted
    said = posted["text"]["content"]
    assert 1500 < len(said.encode()) <= 2048
    assert said.endswith("…")


def test_two_supervisors_in_one_chat_make_one_message(engine: Engine, server: ChatServer) -> None:
    one = _settings(("office", "wecom", ROBOTS["wecom"])).model_dump()
    secret = {"chats": [{"name": "office", "channel": "wecom", "secret_url": ROBOTS["wecom"]}]}
    people = [*one["supervisors"], {"name": "李", "email": "li@example.com", "chats": ["office"]}]
    settings = Settings.model_validate({**one, **secret, "supervisors": people})
    report(engine, settings, Posting(TEXT))
    assert [(row.channel, row.recipient) for row in rows(engine)] == [
        ("maildir", "li@example.com"),
        ("wecom", "office"),
        ("maildir", "wang@example.com"),
    ]


@pytest.mark.parametrize(
    ("channel", "url", "problem"),
    [
        ("wecom", "https://example.com/?key=hunter2", "no address of such a chat"),
        ("feishu", "wecombot://hunter2/", "no address of such a chat"),
        ("webhook", "ftp://example.com/hunter2", "no address of such a chat"),
        (
            "sms",
            "https://example.com/hunter2",
            "write one of dingtalk, feishu, webhook, wecom",
        ),
    ],
)
def test_a_chat_that_cannot_work_is_refused_at_the_start_without_its_secret(
    channel: str, url: str, problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SettingsError) as refused:
        open_channels(_settings(("office", channel, url)))
    assert problem in str(refused.value)
    assert "hunter2" not in str(refused.value) + caplog.text


def test_a_failing_chat_holds_up_no_mail(engine: Engine, server: ChatServer) -> None:
    settings = _settings(("office", "webhook", f"http://127.0.0.1:{free_port()}/"))
    settings = settings.model_copy(update={"storage": settings.storage})
    report(engine, settings, Posting(TEXT))
    mail, chat = rows(engine)

    class Accepting:
        patience = timedelta(seconds=1)

        def send(self, message: Rendered) -> None:
            assert message.recipient == mail.recipient

    channels = {**open_channels(settings), "maildir": Accepting()}
    assert deliver_due(engine, channels, NOW, owner="sender") == 2
    assert [row.state for row in rows(engine)] == [OutboxState.SENT, OutboxState.WAITING]
    assert "cannot be reached" in rows(engine)[1].last_error
    assert chat.channel == "webhook"


def test_a_robot_that_wants_messages_signed_gets_them_signed(server: ChatServer) -> None:
    opened = open_channels(_settings(("office", "dingtalk", f"dingtalk://SECabc@{KEY}")))["dingtalk"]
    opened.send(_message())
    ((path, _),) = server.posted
    query = parse_qs(urlsplit(path).query)
    (at,), (sign,) = query["timestamp"], query["sign"]
    expected = hmac.new(b"SECabc", f"{at}\nSECabc".encode(), hashlib.sha256).digest()
    assert (query["access_token"], base64.b64decode(sign)) == ([KEY], expected)
