"""Supervisors, their hours and their chats."""

from __future__ import annotations

from pathlib import Path

import pytest

from settings import SettingsError, load_settings
from settings.console import Console

WANG = '[[supervisors]]\nname = "王"\nemail = "wang@example.com"\n'


def _load(folder: Path, text: str) -> str:
    """The problems of a file that says ``text``; empty where there are none."""
    path = folder / "qualwatch.toml"
    path.write_text(text, encoding="utf-8")
    try:
        load_settings(path)
    except SettingsError as error:
        return str(error)
    return ""


def test_a_supervisor_without_hours_works_in_those_of_offices(tmp_path: Path) -> None:
    path = tmp_path / "qualwatch.toml"
    path.write_text(WANG, encoding="utf-8")
    (supervisor,) = load_settings(path).supervisors
    assert (supervisor.working_days, supervisor.working_hours) == ((1, 2, 3, 4, 5), "08:30-17:30")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (WANG + 'working_hours = "8-17"', 'for example "08:30-17:30"'),
        (WANG + 'working_hours = "17:30-08:30"', "end before they begin"),
        (WANG + "working_days = [0]", "at least 1"),
        (WANG + "working_days = []", "working_days"),
        (WANG + 'chats = ["office"]', "no [[chats]] has that name"),
        (WANG + 'superior = "Wang@example.com"', "lead back to wang@example.com"),
        (
            WANG
            + 'superior = "li@example.com"\n'
            + WANG.replace("wang", "li")
            + 'superior = "wang@example.com"',
            "leave superior out",
        ),
        ('[mail]\nsender = "nonsense"', "write a name and an address"),
        ('[mail]\nsender = "王, 李 <wang@example.com>"', "write a name and an address"),
        ('[mail]\nsender = "x\\r\\nBcc: <y@example.com>"', "write a name and an address"),
        ('[mail]\ndigest_at = "24:00"', 'for example "08:30"'),
        ('[console]\nbase_url = "https://a.example.com/?x=1"', "without"),
        ('[console]\nbase_url = "javascript:alert(1)"', "without"),
        ('[console]\nhost = "0.0.0.0"', "base_url is empty: write the address that mails are to link to"),
        ('[console]\nhost = "qualwatch.example.com"', "base_url is empty"),
        ("[console]\nport = 65536", "at most 65535"),
        ('[console]\nbase_url = "https://q.example.com:99999"', "no browser can open it"),
        ('[console]\nbase_url = "https://[::1/"', "no browser can open it"),
        (f'[console]\nbase_url = "https://{"x" * 70}.example.com"', "no browser can open it"),
        ('[console]\nbase_url = "https://:443/"', "write it with a host"),
        ('[console]\nbase_url = "https://me:secret@q.example.com"', "without a user"),
    ],
)
def test_what_cannot_be_is_said_with_its_mend(tmp_path: Path, text: str, problem: str) -> None:
    assert problem in _load(tmp_path, text)


def test_the_address_of_a_chat_is_never_printed(tmp_path: Path) -> None:
    chat = '[[chats]]\nname = "office"\nchannel = "wecom"\nsecret_url = "https://example.com/?key=hunter2"\n'
    said = _load(tmp_path, chat + chat)
    assert "two chats are called 'office'" in said
    assert "hunter2" not in said
    said = _load(tmp_path, chat + "colour = 1")
    assert "colour" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "text",
    [
        '[console]\nhost = "0.0.0.0"\nbase_url = "https://q.example.com"',
        '[console]\nhost = "0.0.0.0"\nenabled = false',
        '[console]\nhost = "::1"',
        '[console]\nhost = "127.0.0.2"',
        '[console]\nhost = "localhost"',
    ],
)
def test_a_console_for_this_machine_alone_needs_no_address(tmp_path: Path, text: str) -> None:
    assert _load(tmp_path, text) == ""


def test_an_address_in_chinese_is_kept_as_requests_name_it() -> None:
    console = Console(base_url="https://监测.例子.中国:8443/资格/")
    assert console.base_url == "https://xn--0zw16r.xn--fsqu00a.xn--fiqs8s:8443/资格/"
