"""Reports in a mailbox on a real IMAP server, over TLS with certificates good and bad."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from imapclient import IMAPClient  # type: ignore[import-untyped]
from pydantic import SecretStr

from crawling.mailboxes import MailboxError, open_imap
from jobs.context import Context
from jobs.visits.intake import take_in
from settings.model import Imap, Intake
from storage.tables import Case
from tests.jobs.test_intake import house, letter
from tests.parts.certificates import Authority
from tests.parts.house import House

__all__ = ("house",)

PASSWORD = "geheim-7"  # noqa: S105 - of a mailbox that lives as long as its test
Serve = Callable[..., Imap]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def mailroom() -> Iterator[Path]:
    """A folder with a short name: the path of a socket has little more than a hundred bytes."""
    with tempfile.TemporaryDirectory(prefix="qw-imap-") as folder:
        yield Path(folder)


@pytest.fixture
def serve(mailroom: Path, authority: Authority) -> Iterator[Serve]:
    """Starts a Dovecot of this test's own, with one mailbox; how to reach it over TLS."""
    program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("no dovecot here: install dovecot-imapd to test against a real IMAP server")
    if os.geteuid() != 0:
        pytest.skip("Dovecot changes to its own users and starts as root only")
    running: list[subprocess.Popen[bytes]] = []

    def start(names: str = "IP:127.0.0.1", days: int = 2, signed_by: Authority | None = None) -> Imap:
        base = mailroom / f"dovecot-{len(running)}"
        plain, encrypted = _free_ports(2)
        certificate, key = (signed_by or authority).files(names, days)
        _configure(base, plain, encrypted, certificate, key)
        server = subprocess.Popen([program, "-F", "-c", str(base / "dovecot.conf")], stderr=subprocess.PIPE)
        running.append(server)
        _wait_for(encrypted, server)
        return Imap(
            host="127.0.0.1",
            port=encrypted,
            ca_file=str(authority.roots),
            username="jubao",
            password=SecretStr(PASSWORD),
        )

    yield start
    for server in running:
        server.terminate()
        server.wait(10)
        if server.stderr:
            server.stderr.close()


def _free_ports(count: int) -> list[int]:
    free = [socket.socket() for _ in range(count)]
    for each in free:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in free]
    for each in free:
        each.close()
    return ports


def _configure(base: Path, plain: int, encrypted: int, certificate: Path, key: Path) -> None:
    base.mkdir(mode=0o755)
    (base / "passwd").write_text(f"jubao:{{PLAIN}}{PASSWORD}:65534:65534::/nonexistent::\n")
    (base / "passwd").chmod(0o644)
    (base / "mail").mkdir(mode=0o777)
    (base / "mail").chmod(0o777)  # Dovecot's own user writes there.
    (base / "ports").write_text(str(plain))
    for folder in (base, *base.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o755)
    (base / "dovecot.conf").write_text(
        f"""protocols = imap
listen = 127.0.0.1
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
mail_location = maildir:{base}/mail
first_valid_uid = 1
first_valid_gid = 1
passdb {{
  driver = passwd-file
  args = {base}/passwd
}}
userdb {{
  driver = passwd-file
  args = {base}/passwd
}}
service imap-login {{
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {encrypted}
    ssl = yes
  }}
  chroot =
}}
"""
    )


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        assert server.poll() is None, server.stderr.read() if server.stderr else ""
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("dovecot does not answer")


def at_the_plain_port(imap: Imap, mailroom: Path, security: str) -> Imap:
    port = int((mailroom / "dovecot-0" / "ports").read_text())
    return imap.model_copy(update={"port": port, "security": security})


def reading(house: House, imap: Imap) -> Context:
    settings = house.context.settings.model_copy(update={"intake": Intake(imap=imap, max_bytes=1 << 20)})
    return replace(house.context, settings=settings)


def by_hand(imap: Imap) -> IMAPClient:
    """A mail program of the office, looking into the same mailbox."""
    client = IMAPClient(
        imap.host, imap.port, ssl=True, ssl_context=ssl.create_default_context(cafile=imap.ca_file)
    )
    client.login(imap.username, imap.password.get_secret_value())
    return client


def test_a_mailbox_is_read_over_tls_and_marked(house: House, serve: Serve) -> None:
    imap = serve()
    with by_hand(imap) as client:
        client.append("INBOX", bytes(letter()))
        client.append("INBOX", bytes(letter("长" * 400_000, number="huge")))
    context = reading(house, imap)
    summary = take_in(context)
    assert (summary.messages, summary.errors, summary.problems) == (1, 1, [])
    assert len(house.rows(Case)) == 1
    assert take_in(context).messages == 0
    with by_hand(imap) as client:
        client.select_folder("INBOX", readonly=True)
        assert client.search("UNSEEN") == []
        assert len(client.search("FLAGGED")) == 1


@pytest.mark.parametrize("security", ["starttls", "none"])
def test_the_plain_port_is_read_with_starttls_and_without(
    house: House, serve: Serve, mailroom: Path, security: str
) -> None:
    imap = serve()
    with by_hand(imap) as client:
        client.append("INBOX", bytes(letter()))
    assert take_in(reading(house, at_the_plain_port(imap, mailroom, security))).messages == 1


def test_an_authority_that_the_system_trusts_needs_no_setting(
    serve: Serve, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    imap = serve().model_copy(update={"ca_file": ""})
    with pytest.raises(MailboxError, match="ca_file"), open_imap(imap):
        pass
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.roots))
    with open_imap(imap) as box:
        assert box.waiting() == []


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("another name", "IP address mismatch"),
        ("expired", "certificate has expired"),
        ("another authority", "unable to get local issuer certificate"),
    ],
)
def test_a_wrong_certificate_is_told_and_no_password_is_sent(
    house: House, serve: Serve, tmp_path: Path, mailroom: Path, *, kind: str, said: str, security: str
) -> None:
    if kind == "another name":
        imap = serve("DNS:mail.example.org")
    elif kind == "expired":
        imap = serve(days=-1)
    else:
        imap = serve(signed_by=Authority(tmp_path, "Another Authority"))
    if security == "starttls":
        imap = at_the_plain_port(imap, mailroom, security)
    (problem,) = take_in(reading(house, imap)).problems
    assert "nobody can tell whether this is the mail server, and no password was sent" in problem
    assert said in problem
    assert PASSWORD not in problem
    assert "Login" not in (mailroom / "dovecot-0" / "log").read_text()


def test_tls_at_a_plain_port_says_what_to_check(house: House, serve: Serve, mailroom: Path) -> None:
    imap = at_the_plain_port(serve(), mailroom, "tls")
    (problem,) = take_in(reading(house, imap)).problems
    assert "check intake.imap.port and security" in problem


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_of_an_authority_that_cannot_be_read_is_told(
    house: House, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    (problem,) = take_in(reading(house, Imap(host="127.0.0.1", ca_file=str(file)))).problems
    assert "mend intake.imap.ca_file" in problem


def test_a_wrong_password_is_told_without_it(house: House, serve: Serve) -> None:
    wrong = serve().model_copy(update={"password": SecretStr("falsch-9")})
    (problem,) = take_in(reading(house, wrong)).problems
    assert "[intake.imap]" in problem
    assert "falsch-9" not in problem
