"""The rooms as they stand: no files import each other in a circle, and no room holds too much."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS = tuple(PROJECT["tool"]["importlinter"]["root_packages"])
LARGEST = 1 / 5
"""Share of the code that one room may hold."""
_BY_NAME = re.compile(r"(\w+(?:\.\w+)+)(?::\w+)?")
"""A module as a table of lazy imports names it, with or without what is wanted of it."""


def modules(root: Path, rooms: tuple[str, ...]) -> dict[str, Path]:
    """Every file of the rooms by its module's name; a package is called like its folder."""
    files = (file for room in rooms for file in (root / room).rglob("*.py") if "migrations" not in file.parts)
    return {
        ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): file
        for file in files
    }


def imported(tree: ast.Module, known: dict[str, Path]) -> Iterator[str]:
    """What a file imports at its top, in functions, for types alone, or by name as tables of commands do."""
    is_lazy = any(isinstance(node, ast.Name) and node.id == "import_module" for node in ast.walk(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for each in node.names:
                submodule = f"{node.module}.{each.name}"
                yield submodule if submodule in known else node.module
        elif is_lazy and isinstance(node, ast.Constant) and (named := _BY_NAME.fullmatch(str(node.value))):
            yield named[1]


def graph(root: Path, rooms: tuple[str, ...]) -> dict[str, set[str]]:
    known = modules(root, rooms)
    found = {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in known.items()}
    return {name: {*imported(tree, known)} & known.keys() - {name} for name, tree in found.items()}


def circle(imports: dict[str, set[str]]) -> list[str]:
    """One circle of files, if there is any."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_files_import_each_other_in_a_circle() -> None:
    imports = graph(ROOT, ROOMS)
    assert len(imports) > 300
    assert circle(imports) == []


def test_a_circle_is_found_however_it_is_closed(tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    (room / "__init__.py").write_text("")
    (room / "a.py").write_text("from room import b\n")
    closing = {
        "import room.a\n": True,
        "def f():\n    from room.a import x\n": True,
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from room.a import X\n": True,
        "from importlib import import_module\nHOMES = {'x': 'room.a:x'}\nimport_module(HOMES['x'])\n": True,
        "import json\n": False,
    }
    for text, closes in closing.items():
        (room / "b.py").write_text(text)
        assert bool(circle(graph(tmp_path, ("room",)))) is closes, text


def test_no_room_holds_more_than_a_fifth_of_the_code() -> None:
    lines = dict.fromkeys(ROOMS, 0)
    for name, file in modules(ROOT, ROOMS).items():
        lines[name.partition(".")[0]] += len(file.read_text(encoding="utf-8").splitlines())
    largest = max(lines, key=lines.__getitem__)
    assert lines[largest] <= sum(lines.values()) * LARGEST, f"{largest} holds {lines[largest]} lines"


_NAMED = re.compile(r"`([a-z0-9_./*-]+\.py)`")
"""A module; a name with capitals is one that is still to be written."""
_LINKED = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")


def dead_names(readme: Path, root: Path) -> list[str]:
    """Modules and links that a page names and that are gone.

    A module stands beside or below the page or is written from the root; tests may be called by name, and
    pages of ``docs/`` speak of every room.
    """
    text, here = readme.read_text(encoding="utf-8"), readme.parent
    around = root if here.name == "docs" else here
    places = (here.glob, root.glob, around.rglob, (root / "tests").rglob)
    named = [name for name in _NAMED.findall(text) if not any(any(find(name)) for find in places)]
    return named + [link for link in _LINKED.findall(text) if not (here / link).exists()]


def pages() -> list[Path]:
    folders = (*ROOMS, "docs", "deploy", "eval", "tests")
    return [*ROOT.glob("*.md"), *(page for folder in folders for page in (ROOT / folder).rglob("*.md"))]


def test_every_room_says_what_lives_in_it_and_names_nothing_that_is_gone() -> None:
    assert [room for room in ROOMS if not (ROOT / room / "README.md").is_file()] == []
    assert {
        str(page.relative_to(ROOT)): dead_names(page, ROOT) for page in pages() if dead_names(page, ROOT)
    } == {}


def test_a_name_that_is_gone_is_found(tmp_path: Path) -> None:
    (tmp_path / "here.py").write_text("")
    (tmp_path / "README.md").write_text("`here.py` and `gone.py`, see [that](gone.md) and [this](here.py#L1)")
    assert dead_names(tmp_path / "README.md", tmp_path) == ["gone.py", "gone.md"]
