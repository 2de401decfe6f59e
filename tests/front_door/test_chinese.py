"""Whoever types a command may read Chinese only: its help, and what it says of a slip."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.main

from cli.chinese import translate
from cli.main import assemble
from tests.parts.commands import run_command

ROOT = Path(__file__).parents[2]
ENGLISH = re.compile(r"[A-Za-z]+(?:[ ,.:;'’-]+[A-Za-z]+){2,}")
"""Three English words in a row: a sentence, not a name or a value."""


def _commands(command: Any, path: str = "qualwatch") -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from _commands(child, f"{path} {name}")


COMMANDS = dict(_commands(typer.main.get_command(assemble())))


@pytest.mark.parametrize("path", COMMANDS)
def test_the_help_of_every_command_and_option_is_chinese(path: str) -> None:
    command = COMMANDS[path]
    said = [
        command.help or "",
        *(getattr(param, "help", "") or "" for param in command.get_params(typer.Context(command))),
    ]
    assert not [words for words in said if words and ENGLISH.search(words)]
    assert re.search("[一-龥]", command.help or "")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["chek"], "没有命令“chek”"),
        (["case"], "案件的查看与处理"),
        (["case", "show"], "缺少 案件"),
        (["case", "show", "abc"], "应为整数"),
        (["case", "list", "--limit", "0"], "不得小于 1"),
        (["case", "list", "--state", "lost"], "不在可选值中"),
        (["case", "show", "--config"], "选项 --config 后面须写值"),
        (["check"], "缺少"),
        (["check", "a", "b"], "多余的参数：b"),
        (["check", "--as-off", "x"], "没有选项 --as-off，是否指 --as-of？"),
    ],
    ids=" ".join,
)
def test_a_slip_is_told_in_chinese_and_ends_with_2(typed: list[str], said: str) -> None:
    done = run_command(typed, ROOT, os.environ)
    assert done.returncode == 2
    shown = (done.stdout + done.stderr).decode()
    assert said in shown
    assert not ENGLISH.search(re.sub(r"'[^']*'|--\S+|qualwatch[ a-z-]*", "", shown))


def test_words_of_typer_that_nobody_knows_are_shown_as_they_are() -> None:
    assert translate("Something new went wrong.") == "Something new went wrong."
