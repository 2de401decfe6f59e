"""What answers over the network: mail, chats, the console from outside, certificates, names."""

from __future__ import annotations

import imaplib
import smtplib
import socket
import ssl
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import requests
from sqlmodel import Session

from alerts.delivery.channels import Channel, DeliveryFailure, Rendered, open_channels
from alerts.delivery.channels.smtp import SmtpChannel
from alerts.delivery.chats import ChatChannel
from alerts.delivery.links import last_served
from alerts.people.in_force import seal_of
from alerts.people.kept import kept_people
from cli.diagnosis.kept import shortened
from cli.diagnosis.model import Diagnosis, Installation, Part, failure, ok, warning
from crawling.mailboxes import MailboxError, MaildirBox, open_imap
from crawling.trust import trusting
from settings import Settings, SettingsError
from storage.database import for_reading

_SECONDS = 10
_ASKED_AT_ONCE = 16
_RESOLVED_WITHIN = 15.0
_DAYS_LEFT = 21
_MAIL_ADVICE = "核对 [mail.smtp] 的 host、port、security、username 和密码"


def check_mail(installation: Installation) -> Iterator[Diagnosis]:
    """The server takes the login; a mail is sent only where that is asked for."""
    part, settings = Part.MAIL, installation.settings
    channel = _channels(settings).get(settings.mail.channel)
    if channel is None:  # the configuration's own check says why
        return
    try:
        if isinstance(channel, SmtpChannel):
            channel.log_in()
            login = (
                f"以 {settings.mail.smtp.username} 登录成功"
                if settings.mail.smtp.username
                else "可连接，不需登录"
            )
            yield ok(part, f"{settings.mail.smtp.host}:{settings.mail.smtp.port} {login}")
        else:
            directory = settings.storage.mail_directory
            yield ok(part, f'写入 {directory}，不经 SMTP 发出（mail.channel = "maildir"）')
        if installation.sends:
            channel.send(_test_message(settings, settings.administrator))
            yield ok(part, f"已向 {settings.administrator} 发出一封测试邮件")
    except DeliveryFailure as error:
        yield failure(part, str(error), _MAIL_ADVICE)


def check_intake(installation: Installation) -> Iterator[Diagnosis]:
    part, intake = Part.INTAKE, installation.settings.intake
    try:
        if intake.directory and not Path(intake.directory).is_dir():
            yield warning(part, f"{intake.directory} 尚不存在", "监测程序启动时建立，或核对 intake.directory")
        elif intake.directory:
            waiting = len(MaildirBox(Path(intake.directory)).waiting())
            yield ok(part, f"{intake.directory}：{waiting} 封待读")
        if intake.imap.host:
            with open_imap(intake.imap) as box:
                waiting = len(box.waiting())
            yield ok(part, f"{intake.imap.host}：登录成功，{waiting} 封待读")
    except MailboxError as error:
        yield failure(part, str(error), "核对 [intake] 和 [intake.imap]")


def check_chats(installation: Installation) -> Iterator[Diagnosis]:
    """The robots' servers can be reached; a message is sent only where that is asked for."""
    part, settings = Part.CHATS, installation.settings
    advice = "核对群聊的地址（[[chats]] 的 secret_url，或工作台的“通知对象”），以及本机能否访问该服务器"
    try:
        channels = open_channels(settings)
    except SettingsError as error:
        yield failure(part, str(error), advice)
        return
    yield from _unreadable(installation)
    for chat in settings.chats:
        channel = channels[chat.channel]
        if not isinstance(channel, ChatChannel):
            continue
        try:
            if installation.sends:
                channel.send(_test_message(settings, chat.name))
                yield ok(part, f"{chat.name}：已发出一条测试消息")
            else:
                host = channel.reach(chat.name)
                yield ok(part, f"{chat.name}：{host} 可以连接（--send 发一条测试消息）")
        except DeliveryFailure as error:
            yield failure(part, str(error), advice)


def _unreadable(installation: Installation) -> Iterator[Diagnosis]:
    """Chats of the desk into which nothing can be written here."""
    if installation.engine is None:
        return
    with Session(for_reading(installation.engine)) as session:
        kept = kept_people(session, lambda: seal_of(installation.settings))
    if names := [each.name for each in kept.chats if each.chat is None]:
        advice = "恢复 contact.key（或 console.contact_key），或在工作台的“通知对象”中重新填写地址"
        yield failure(Part.CHATS, f"{shortened(names)} 的地址不能读取", advice)


def check_console(installation: Installation) -> Iterator[Diagnosis]:
    """The address that mails name, asked as their readers ask it."""
    part, settings = Part.CONSOLE, installation.settings
    console = settings.console
    if not console.enabled and not console.base_url:
        yield ok(part, "未启用（console.enabled = false），邮件没有按钮")
        return
    if not console.base_url:
        if settings.mail.channel == "smtp":
            advice = '设反向代理，并写 console.base_url = "https://…"'
            yield warning(part, "没有对外地址，经 SMTP 发出的邮件没有按钮", advice)
        served = last_served(settings.storage.directory)
        if served is not None:
            yield _asked(served.url, "监测程序运行时才能打开")
        return
    if urlsplit(console.base_url).scheme == "http" and not _is_own(console.base_url):
        yield warning(part, f"{console.base_url} 未加密，链接可被截取", "为反向代理配置 TLS，改用 https://")
    yield _asked(console.base_url.rstrip("/"), "检查监测程序是否运行、反向代理是否指向 console.host:port")


def _asked(url: str, advice: str) -> Diagnosis:
    try:
        answer = requests.get(f"{url}/", timeout=_SECONDS)
    except requests.RequestException as error:
        return failure(Part.CONSOLE, f"从本机访问 {url} 失败：{_brief(error)}", advice)
    if answer.status_code != requests.codes.ok:
        return failure(Part.CONSOLE, f"从本机访问 {url} 得到 HTTP {answer.status_code}", advice)
    if "qualwatch" not in answer.text.lower() and "案件" not in answer.text:
        return failure(Part.CONSOLE, f"{url} 应答的不是案件页面", advice)
    return ok(Part.CONSOLE, f"{url} 可以打开（从本机访问）")


def check_certificates(installation: Installation) -> Iterator[Diagnosis]:
    """How long the certificates of the console, the mail server and the mailbox hold."""
    settings = installation.settings
    wanted: list[tuple[str, Callable[[], float]]] = []
    base = urlsplit(settings.console.base_url)
    if base.scheme == "https" and base.hostname:
        host, port = base.hostname, base.port or 443
        wanted.append((f"{host}:{port}", lambda: _days_over_tls(host, port)))
    smtp, imap = settings.mail.smtp, settings.intake.imap
    if settings.mail.channel == "smtp" and smtp.security == "tls":
        wanted.append((f"{smtp.host}:{smtp.port}", lambda: _days_over_tls(smtp.host, smtp.port)))
    elif settings.mail.channel == "smtp" and smtp.security == "starttls":
        wanted.append((f"{smtp.host}:{smtp.port}", lambda: _days_of_smtp(smtp.host, smtp.port)))
    if imap.host and imap.security == "tls":
        wanted.append(
            (f"{imap.host}:{imap.port}", lambda: _days_over_tls(imap.host, imap.port, imap.ca_file))
        )
    elif imap.host and imap.security == "starttls":
        wanted.append((f"{imap.host}:{imap.port}", lambda: _days_of_imap(imap.host, imap.port, imap.ca_file)))
    for name, days in wanted:
        yield _judged(name, days)
    unverified = [source.name for source in settings.watched() if not source.verify_tls]
    if unverified:
        yield warning(
            Part.CERTIFICATES,
            f"{shortened(unverified)} 不验证证书（verify_tls = false），内容可能被中间人篡改",
            "网站修复证书后删去 verify_tls = false",
        )


def _judged(name: str, days: Callable[[], float]) -> Diagnosis:
    part = Part.CERTIFICATES
    try:
        left = days()
    except (OSError, smtplib.SMTPException, imaplib.IMAP4.error) as error:
        return failure(
            part, f"{name} 的证书不能验证：{_brief(error)}", "更换或续期证书；自签证书须加入系统信任"
        )
    if left < _DAYS_LEFT:
        return warning(part, f"{name} 的证书 {left:.0f} 天后到期", "续期证书")
    return ok(part, f"{name} 的证书还有 {left:.0f} 天到期")


def check_names(installation: Installation) -> Iterator[Diagnosis]:
    """Every host that is asked has an address."""
    part, hosts = Part.DNS, sorted(_hosts(installation.settings))
    if not hosts:
        return
    pool, until = ThreadPoolExecutor(_ASKED_AT_ONCE, "names"), time.monotonic() + _RESOLVED_WITHIN
    asked = {host: pool.submit(_resolve, host) for host in hosts}
    unknown = []
    for host, answer in asked.items():
        try:
            if not answer.result(max(0.0, until - time.monotonic())):
                unknown.append(host)
        except TimeoutError:
            unknown.append(host)
    pool.shutdown(wait=False, cancel_futures=True)
    if not unknown:
        yield ok(part, f"{len(hosts)} 个主机名均可解析")
    elif len(unknown) == len(hosts):
        yield failure(part, f"{len(hosts)} 个主机名都不能解析", "检查 /etc/resolv.conf 和网络连接")
    else:
        said = f"{len(hosts)} 个主机名中 {len(unknown)} 个不能解析：{shortened(unknown)}"
        yield warning(part, said, "核对来源地址是否写对、网站是否已更换域名")


def _hosts(settings: Settings) -> set[str]:
    names = {source.url.host or "" for source in settings.watched()}
    names.add(urlsplit(settings.console.base_url).hostname or "")
    names.add(settings.intake.imap.host)
    if settings.mail.channel == "smtp":
        names.add(settings.mail.smtp.host)
    return names - {""}


def _resolve(host: str) -> bool:
    try:
        return bool(socket.getaddrinfo(host.strip("[]"), None))
    except (OSError, UnicodeError):
        return False


def _channels(settings: Settings) -> dict[str, Channel]:
    """The mail channels; a chat that cannot be used is another check's."""
    return open_channels(settings.model_copy(update={"chats": ()}))


def _is_own(url: str) -> bool:
    return urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}


def _days_over_tls(host: str, port: int, ca_file: str = "") -> float:
    with (
        socket.create_connection((host, port), _SECONDS) as plain,
        trusting(ca_file).wrap_socket(plain, server_hostname=host) as encrypted,
    ):
        return _days_left(encrypted)


def _days_of_smtp(host: str, port: int) -> float:
    with closing(smtplib.SMTP(host, port, timeout=_SECONDS)) as connection:
        connection.starttls(context=trusting())
        return _days_left(connection.sock)


def _days_of_imap(host: str, port: int, ca_file: str) -> float:
    connection = imaplib.IMAP4(host, port, timeout=_SECONDS)
    try:
        connection.starttls(trusting(ca_file))
        return _days_left(connection.sock)
    finally:
        connection.shutdown()


def _days_left(connection: object) -> float:
    if not isinstance(connection, ssl.SSLSocket):
        raise OSError("no TLS")
    until = ssl.cert_time_to_seconds(str((connection.getpeercert() or {})["notAfter"]))
    return (until - time.time()) / 86_400


def _brief(error: Exception) -> str:
    """The last cause, without the addresses of objects that libraries print."""
    inner: BaseException = error
    while inner.__context__ is not None or inner.__cause__ is not None:
        inner = inner.__cause__ or inner.__context__ or inner
    return f"{str(inner) or type(inner).__name__}"[:200]


def _test_message(settings: Settings, recipient: str) -> Rendered:
    said = "这是 qualwatch doctor --send 发出的测试消息：收到即说明通知可以送达，无需处理。"
    return Rendered(
        message_id=f"<doctor.{uuid.uuid4().hex}@{settings.mail.sender.rpartition('@')[2].strip('> ')}>",
        recipient=recipient,
        recipient_name="",
        subject="Qualwatch 测试消息",
        text=said,
        html=f"<p>{said}</p>",
        written_at=datetime.now(UTC),
        brief=said,
    )
