"""The command line as a whole, and the pages of the repository that describe it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import cli.main

ROOT = Path(__file__).parents[2]
PAGES = sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("deploy/**/*.md")))


def test_help_lists_every_command() -> None:
    shown = CliRunner().invoke(cli.main.assemble(), ["--help"])
    assert shown.exit_code == 0
    for name in cli.main.COMMANDS:
        assert name in shown.output


@pytest.mark.parametrize("name", sorted(cli.main.COMMANDS))
def test_each_command_explains_itself_on_its_own(name: str) -> None:
    shown = CliRunner().invoke(cli.main.assemble((name,)), [name, "--help"])
    assert shown.exit_code == 0, shown.output
    assert "用法" in shown.output


def test_a_misspelt_command_ends_with_2_and_says_so() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "qualwatch", "chek"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 2
    assert "chek" in done.stderr


def test_check_loads_neither_the_database_nor_the_scheduler() -> None:
    program = (
        "import sys, cli.main; cli.main.assemble(('check',));"
        "print([name for name in ('sqlmodel', 'apscheduler', 'jinja2', 'requests') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [name for name in cli.main.COMMANDS if f"qualwatch {name}" not in readme]
    assert not missing


def test_both_readmes_name_the_same_commands_and_keys() -> None:
    told = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")}
    english, chinese = (
        [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `qualwatch ")]
        for text in told.values()
    )
    assert chinese == english
    written = [
        set(re.findall(r"`((?:qualwatch|make) [^`]+|[a-z_]+\.[a-z_.]+[^`]*)`", text))
        for text in told.values()
    ]
    assert written[0] == written[1]


@pytest.fixture(scope="module")
def commands() -> Any:
    """The command line as a tree."""
    return typer.main.get_command(cli.main.assemble())


@pytest.mark.parametrize("page", PAGES, ids=[page.parent.name + "/" + page.name for page in PAGES])
def test_pages_name_only_commands_that_there_are(page: Path, commands: Any) -> None:
    text = page.read_text(encoding="utf-8").replace("\\|", "|")
    for words in re.findall(
        r"(?:`|^|bin/|qualwatch )qualwatch((?: [a-z][a-z|-]*(?![a-z.:/=\w]))+)", text, re.MULTILINE
    ):
        group, *rest = words.split()
        assert group in commands.commands, words
        below: dict[str, Any] = getattr(commands.commands[group], "commands", {})
        for name in rest[0].split("|") if rest and below else ():
            assert name in below, words


def test_the_pages_of_the_repository_link_only_to_files_that_exist() -> None:
    for page in PAGES:
        links = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
        for link in links:
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_the_architecture_names_every_room() -> None:
    architecture = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    rooms = {line.split("/")[0] for line in tracked.splitlines() if "/" in line and not line.startswith(".")}
    assert not {room for room in rooms if f"`{room}/`" not in architecture}


def test_no_file_names_a_registry_host_or_a_path_of_one_machine() -> None:
    forbidden = re.compile(r"files\.pythonhosted|pypi\.org|/root/|/home/[a-z]+/|/work/")
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    for name in tracked.splitlines():
        path = ROOT / name
        if path == Path(__file__) or path.suffix not in {".md", ".py", ".toml", ".lock", ".txt", ".csv", ""}:
            continue
        found = forbidden.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{name}: {found and found.group()}"
