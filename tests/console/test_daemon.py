"""The daemon serves the console: its links outlive it, and it can be left out."""

from __future__ import annotations

import re
import signal
import time
from urllib.parse import urlsplit

import pytest
import requests

from tests.console.visitor import Page
from tests.parts.commands import Started
from tests.parts.operators import Operator


@pytest.fixture
def operator(operator: Operator) -> Operator:
    operator.environment |= {"QUALWATCH_CONSOLE__PORT": "0", "QUALWATCH_METRICS__PORT": "0"}
    return operator


def _wait_for_mail(operator: Operator) -> str:
    """The plain text of the first mail."""
    deadline = time.monotonic() + 60
    while not (mails := operator.mails()):
        assert time.monotonic() < deadline, "no mail was written"
        time.sleep(0.2)
    part = mails[0].get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def _button(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    return next(line.split("：", 1)[1] for line in lines if line.startswith("打开案件："))


def _opens(link: str) -> bool:
    """Whether the link opens its case, asked until somebody answers."""
    deadline = time.monotonic() + 60
    while True:
        try:
            answer = requests.get(link, timeout=10)
        except requests.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.3)
        else:
            return answer.status_code == 200 and "系统管理员" in Page(answer.text).words


def _line(program: Started, word: str) -> str:
    """The next line that the program says with ``word`` in it."""
    assert program.stdout is not None
    return next(line.strip() for line in program.stdout if word in line)


def _end(daemon: Started) -> str:
    daemon.send_signal(signal.SIGTERM)
    said = daemon.communicate(timeout=30)[0]
    assert daemon.returncode == 0, said
    return said


def test_links_outlive_the_daemon_that_wrote_them(operator: Operator) -> None:
    daemon = operator.start("run")
    link = _button(_wait_for_mail(operator))
    assert _opens(link)
    daemon.kill()
    daemon.communicate()
    again = operator.start("run")
    assert _opens(link)
    assert f"案件页面 http://{urlsplit(link).netloc}" in _end(again)
    assert operator.run("case", "link", "1").stdout.startswith(
        f"http://{urlsplit(link).netloc}/cases/1/open?token="
    )


def test_without_the_console_mails_have_no_buttons(operator: Operator) -> None:
    operator.environment["QUALWATCH_CONSOLE__ENABLED"] = "false"
    daemon = operator.start("run")
    assert "打开案件" not in _wait_for_mail(operator)
    assert "案件页面" not in _end(daemon)
    assert "尚不知道案件页面的地址" in operator.run("case", "link", "1").stderr


def test_the_console_alone_serves_the_desk_and_visits_nothing(operator: Operator) -> None:
    desk = operator.start("console")
    (url,) = re.findall("^工作台 (http://[^ ]+)$", _line(desk, "工作台"))
    first = re.findall("http://[^ ]+", _line(desk, "尚无账号"))[0]
    assert first.startswith(url)
    assert requests.get(first, timeout=10).status_code == 200
    assert requests.get(f"{url}/today", timeout=10).status_code == 401
    assert operator.count("visit") == 0
    desk.send_signal(signal.SIGHUP)  # nothing has changed
    assert "正在结束" in _end(desk)
    assert operator.run("case", "desk", "--to", "qualwatch@example.com").stdout.startswith(f"{url}/enter")


def test_an_address_that_cannot_be_served_ends_the_start(operator: Operator) -> None:
    operator.environment["QUALWATCH_CONSOLE__HOST"] = "192.0.2.1"
    operator.environment["QUALWATCH_CONSOLE__BASE_URL"] = "https://q.example.com"
    ended = operator.run("run")
    assert ended.returncode == 2
    assert "console.host = '192.0.2.1'" in ended.stderr
    assert "Traceback" not in ended.stderr
