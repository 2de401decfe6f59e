"""The command line as a whole, and the pages of the repository that describe it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import cli.main

ROOT = Path(__file__).parents[2]
PAGES = sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("deploy/**/*.md")))


@pytest.fixture(scope="module")
def commands() -> Any:
    """The command line as a tree."""
    return typer.main.get_command(cli.main.assemble())


def test_help_lists_every_command() -> None:
    shown = CliRunner().invoke(cli.main.assemble(), ["--help"])
    assert shown.exit_code == 0
    for name in cli.main.COMMANDS:
        assert name in shown.output


@pytest.mark.parametrize("name", sorted(cli.main.COMMANDS))
def test_each_command_explains_itself_on_its_own(name: str) -> None:
    shown = CliRunner().invoke(cli.main.assemble(), [name, "--help"])
    assert shown.exit_code == 0, shown.output
    assert "用法" in shown.output


def test_a_misspelt_command_ends_with_2_and_says_so() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "qualwatch", "chek"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 2
    assert "chek" in done.stderr


HEAVY = {"sqlalchemy", "sqlmodel", "alembic", "openpyxl", "PIL", "docx", "lxml", "numpy", "authlib", "jinja2"}
HEAVY |= {"apscheduler", "requests", "starlette", "pydantic_settings", "prometheus_client", "console.serving"}


def loaded_by(*words: str) -> set[str]:
    """The modules that a process of ``qualwatch WORDS`` has in the end."""
    program = (
        "import atexit, sys, qualwatch; sys.argv = ['qualwatch', *sys.argv[1:]];"
        "atexit.register(lambda: print('\\n', *sys.modules, file=sys.stderr)); qualwatch.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        capture_output=True,
        text=True,
        check=True,
        cwd=gettempdir(),  # where no installation is, while the root may have one
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return set(done.stderr.split("\n")[-2].split())


@pytest.mark.parametrize("words", [("--version",), ("--help",)])
def test_the_version_and_the_help_load_no_command(words: tuple[str, ...]) -> None:
    loaded = loaded_by(*words)
    assert {name for name in loaded if name.startswith("cli.")} == {"cli.main", "cli.chinese", "cli.loading"}
    assert not loaded & {*HEAVY, "pydantic", "storage", "settings", "detection"}


def test_no_command_loads_what_it_does_before_it_does_it() -> None:
    program = "import sys, cli.main, typer; dict(typer.main.get_command(cli.main.assemble()).commands);"
    done = subprocess.run(
        [sys.executable, "-c", program + "print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    loaded = set(done.stdout.split())
    assert {each.where.partition(":")[0] for each in cli.main.COMMANDS.values()} <= loaded
    assert not loaded & HEAVY


def test_a_file_is_checked_without_database_scheduler_and_network(tmp_path: Path) -> None:
    (tmp_path / "notice.txt").write_text("招聘出纳一名，工作认真。", encoding="utf-8")
    assert not loaded_by("check", str(tmp_path / "notice.txt")) & HEAVY


def test_the_list_of_commands_says_what_each_says_of_itself(commands: Any) -> None:
    for name, listed in cli.main.COMMANDS.items():
        first = (commands.commands[name].help or "").partition("\n\n")[0]
        assert " ".join(first.split()) == listed.line, name


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
