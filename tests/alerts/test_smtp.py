"""Mails through a real SMTP server: it answers as such servers do, well and badly."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from alerts.delivery.channels import ChannelDown, PermanentFailure, Rendered, TemporaryFailure, open_channels
from alerts.delivery.channels.smtp import SmtpChannel
from alerts.delivery.outbox import deliver_due
from settings.model import Settings, Smtp
from storage.tables import OutboxMessage
from tests.alerts.mailserver import MailServer, free_port, serving
from tests.alerts.stored import NOW, Posting, report
from vocabulary.codes import OutboxState

SENDER = "职业资格监测 <qualwatch@example.com>"
PASSWORD = "correct horse"  # noqa: S105 - of a server that lives for one test
TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下。"


@pytest.fixture
def server() -> MailServer:
    return MailServer()


@pytest.fixture
def port(server: MailServer) -> Iterator[int]:
    with serving(server) as port:
        yield port


def _channel(port: int, **changes: Any) -> SmtpChannel:
    values = {"host": "127.0.0.1", "port": port, "security": "none", "timeout_seconds": 20}
    return SmtpChannel(Smtp.model_validate(values | changes), SENDER)


def _message(recipient: str = "wang@example.com") -> Rendered:
    return Rendered(
        message_id="<abc@example.com>",
        recipient=recipient,
        recipient_name="王科长",
        subject="【高】福建省福州市｜会计从业资格｜某某公司",
        text="正文：" + "很长的一行" * 500 + "\n.\n以点开头的行之后仍有内容\n",
        html="<p>正文</p>",
        written_at=NOW,
        unsubscribe="admin@example.com",
    )


def _failure(channel: SmtpChannel, message: Rendered | None = None) -> Exception:
    with pytest.raises((TemporaryFailure, PermanentFailure)) as caught:
        channel.send(message or _message())
    return caught.value


def test_a_chinese_mail_arrives_intact(server: MailServer, port: int) -> None:
    _channel(port).send(_message())
    ((recipient, mail),) = server.taken
    assert recipient == "wang@example.com"
    assert mail["Subject"] == "【高】福建省福州市｜会计从业资格｜某某公司"
    assert mail["From"].addresses[0].display_name == "职业资格监测"
    assert mail["To"].addresses[0].display_name == "王科长"
    assert mail["Message-ID"] == "<abc@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] == "<mailto:admin@example.com?subject=unsubscribe>"
    assert mail["Date"].datetime == NOW
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == _message().text
    assert html.get_content().strip() == "<p>正文</p>"


def test_every_try_sends_the_same_bytes(server: MailServer, port: int) -> None:
    _channel(port).send(_message())
    _channel(port).send(_message())
    assert server.taken[0][1].as_bytes() == server.taken[1][1].as_bytes()


@pytest.mark.parametrize(
    ("step", "answer", "kind"),
    [
        ("RCPT", "550 5.1.1 no such user", PermanentFailure),
        ("RCPT", "450 4.2.0 greylisted", TemporaryFailure),
        ("RCPT", "530 5.7.0 authentication required", ChannelDown),
        ("DATA", "554 5.6.0 content refused", PermanentFailure),
        ("DATA", "451 4.3.0 try again", ChannelDown),
        ("MAIL", "552 5.3.4 too large", PermanentFailure),
        ("RCPT", "550 Connection frequency limited", ChannelDown),
        ("RCPT", "550 Ip frequency limited. http://service.example.com/help", ChannelDown),
        ("DATA", "554 MI:STC 发件人当天内累计邮件数量超过限制", ChannelDown),
        ("RCPT", "550 5.4.5 Daily user sending quota exceeded", ChannelDown),
        ("RCPT", "554 Too many connections from your host", ChannelDown),
        ("RCPT", "550 发送过于频繁，请稍后再试", ChannelDown),
        ("RCPT", "552 mailbox full", TemporaryFailure),
        ("DATA", "552 5.2.2 The account is over quota", TemporaryFailure),
        ("RCPT", "550 Mailbox is full", TemporaryFailure),
        ("RCPT", "550 邮箱空间不足", TemporaryFailure),
        ("RCPT", "552 Requested mail action aborted: exceeded storage allocation", TemporaryFailure),
        ("DATA", "554 Please try again in 10 minutes", TemporaryFailure),
        ("RCPT", "550 5.2.1 greylisted", TemporaryFailure),
        ("DATA", "550 System busy", ChannelDown),
        ("DATA", "552 Message size exceeds fixed limit", PermanentFailure),
        ("DATA", "552 邮件太大", PermanentFailure),
        ("RCPT", "550 Mailbox not found or access denied", PermanentFailure),
        ("RCPT", "550 User suspended", PermanentFailure),
        ("DATA", "550 Mail content denied", PermanentFailure),
        ("DATA", "554 HL:ITC 发信人被列入黑名单", PermanentFailure),
        ("MAIL", "550 5.1.8 sender refused", ChannelDown),
        ("MAIL", "421 4.3.2 shutting down", ChannelDown),
    ],
)
def test_answers_of_the_server_are_told_apart(
    server: MailServer, port: int, step: str, answer: str, kind: type[Exception]
) -> None:
    server.answers[step].append(answer)
    failure = _failure(_channel(port))
    assert type(failure) is kind
    assert answer[4:] in str(failure)
    assert server.taken == []


@pytest.mark.parametrize("address", ["wang@例子.中国", "wang@xn--fsqu00a.xn--fiqs8s", "wang@例子。中国"])
def test_a_domain_in_chinese_is_ascii_on_the_envelope(server: MailServer, port: int, address: str) -> None:
    channel = SmtpChannel(
        Smtp(host="127.0.0.1", port=port, security="none", timeout_seconds=20), "监测 <q@例子.中国>"
    )
    channel.send(_message(address))
    ((recipient, mail),) = server.taken
    assert recipient == "wang@xn--fsqu00a.xn--fiqs8s"
    assert mail["From"].addresses[0].addr_spec == "q@xn--fsqu00a.xn--fiqs8s"


def test_a_name_in_chinese_before_the_at_needs_a_server_that_takes_it(server: MailServer) -> None:
    with serving(server, enable_SMTPUTF8=False) as port:
        assert isinstance(_failure(_channel(port), _message("王@例子.中国")), PermanentFailure)
    with serving(server, enable_SMTPUTF8=True) as port:
        _channel(port).send(_message("王@例子.中国"))
    assert [recipient for recipient, _ in server.taken] == ["王@xn--fsqu00a.xn--fiqs8s"]


def test_a_server_that_is_not_there_is_a_channel_that_is_down() -> None:
    assert isinstance(_failure(_channel(free_port())), ChannelDown)


def test_a_host_that_has_no_address_is_a_channel_that_is_down() -> None:
    assert isinstance(_failure(_channel(25, host="mail.invalid")), ChannelDown)


@contextmanager
def _raw_server(dialogue: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server below SMTP, for what no SMTP server would do."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            dialogue(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        thread.join()
        listener.close()


def test_a_server_that_says_nothing_is_given_up_on() -> None:
    def keep_silent(connection: socket.socket) -> None:
        connection.settimeout(5)
        connection.recv(1)

    with _raw_server(keep_silent) as port:
        assert isinstance(_failure(_channel(port, timeout_seconds=0.3)), ChannelDown)


def test_a_connection_lost_in_the_middle_of_the_mail_may_be_the_mails_fault() -> None:
    def hang_up(connection: socket.socket) -> None:
        lines = connection.makefile("rb")
        connection.sendall(b"220 ready\r\n")
        for answer in (b"250 hello", b"250 sender", b"250 recipient", b"354 go on"):
            lines.readline()
            connection.sendall(answer + b"\r\n")
        lines.readline()
        lines.close()

    with _raw_server(hang_up) as port:
        failure = _failure(_channel(port))
    assert isinstance(failure, ChannelDown)
    assert failure.saw_message


def test_a_server_without_starttls_gets_neither_login_nor_mail(server: MailServer, port: int) -> None:
    failure = _failure(_channel(port, security="starttls", username="qw", password=PASSWORD))
    assert isinstance(failure, ChannelDown)
    assert not server.taken
    assert not server.logins


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return key, certificate


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_login_and_mail_go_through_tls(
    server: MailServer, certificate: tuple[Path, Path], security: str
) -> None:
    key, public = certificate
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(public, key)
    options: dict[str, Any] = {"authenticator": server.authenticate}
    if security == "tls":
        # aiosmtpd does not count a connection that was encrypted from its start.
        options |= {"ssl_context": own, "auth_require_tls": False}
    else:
        options |= {"tls_context": own, "require_starttls": True, "auth_required": True}
    trust = ssl.create_default_context(cafile=str(public))
    with serving(server, **options) as port:
        login = {"username": "qw", "password": PASSWORD, "security": security}
        smtp = Smtp.model_validate({"host": "127.0.0.1", "port": port, **login})
        SmtpChannel(smtp, SENDER, trust).send(_message())
        wrong = smtp.model_copy(update={"password": SecretStr("wrong")})
        assert isinstance(_failure(SmtpChannel(wrong, SENDER, trust)), ChannelDown)
        assert isinstance(_failure(SmtpChannel(smtp, SENDER)), ChannelDown), "nobody vouches for this server"
    assert len(server.taken) == 1
    assert server.logins[0] == (b"qw", PASSWORD.encode())


def _settings(settings: Settings, port: int) -> Settings:
    supervisors = [{"name": name, "email": f"{name}@example.com"} for name in ("wang", "li", "zhao")]
    smtp = {"host": "127.0.0.1", "port": port, "security": "none"}
    mail = {"channel": "smtp", "sender": SENDER, "smtp": smtp}
    return Settings.model_validate({**settings.model_dump(), "supervisors": supervisors, "mail": mail})


def _states(engine: Engine) -> dict[str, OutboxState]:
    with Session(engine) as session:
        rows = session.exec(select(OutboxMessage).order_by(col(OutboxMessage.id)))
        return {row.recipient.partition("@")[0]: row.state for row in rows}


def test_one_recipient_that_the_server_refuses_keeps_no_mail_from_the_others(
    engine: Engine, settings: Settings, server: MailServer, port: int
) -> None:
    configured = _settings(settings, port)
    report(engine, configured, Posting(TEXT))
    server.refused["wang@example.com"] = "550 5.1.1 no such user"
    assert deliver_due(engine, open_channels(configured), NOW, owner="sender") == 3
    assert _states(engine) == {"wang": OutboxState.DEAD, "li": OutboxState.SENT, "zhao": OutboxState.SENT}
    assert [recipient for recipient, _ in server.taken] == ["li@example.com", "zhao@example.com"]


def test_greylisted_mails_arrive_at_the_second_try(
    engine: Engine, settings: Settings, server: MailServer, port: int
) -> None:
    configured = _settings(settings, port)
    report(engine, configured, Posting(TEXT))
    server.answers["RCPT"] = ["451 4.7.1 greylisted"] * 3
    channels = open_channels(configured)
    assert deliver_due(engine, channels, NOW, owner="sender") == 3
    assert server.taken == []
    assert deliver_due(engine, channels, NOW + timedelta(minutes=3), owner="sender") == 3
    assert len(server.taken) == 3


def test_a_mail_taken_without_an_answer_is_repeated_with_its_message_id(
    engine: Engine, settings: Settings, server: MailServer, port: int
) -> None:
    configured = _settings(settings, port)
    report(engine, configured, Posting(TEXT))
    server.drop_after_data = 1
    channels = open_channels(configured)
    deliver_due(engine, channels, NOW, owner="sender")
    deliver_due(engine, channels, NOW + timedelta(minutes=3), owner="sender")
    dropped = server.taken[0][0]
    again = [mail["Message-ID"] for recipient, mail in server.taken if recipient == dropped]
    assert len(again) == 2
    assert len(set(again)) == 1
    assert len(server.taken) == 4
    assert set(_states(engine).values()) == {OutboxState.SENT}


def test_a_server_down_for_an_hour_loses_nothing(
    engine: Engine, settings: Settings, server: MailServer
) -> None:
    port = free_port()
    configured = _settings(settings, port)
    report(engine, configured, Posting(TEXT))
    channels, now = open_channels(configured), NOW
    while now < NOW + timedelta(hours=1):
        deliver_due(engine, channels, now, owner="sender")
        now += timedelta(minutes=1)
    assert set(_states(engine).values()) == {OutboxState.WAITING}
    with serving(server) as again:
        moved = open_channels(_settings(settings, again))
        while now < NOW + timedelta(hours=4):
            deliver_due(engine, moved, now, owner="sender")
            now += timedelta(minutes=1)
    assert sorted(recipient.partition("@")[0] for recipient, _ in server.taken) == ["li", "wang", "zhao"]
    assert set(_states(engine).values()) == {OutboxState.SENT}
