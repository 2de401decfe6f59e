"""What the command line names, cut into batches: a file, a folder, a page, standard input."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from cli.checking.files import read_body, read_bounded, read_page
from cli.checking.model import Batch, Failure, Given, Paths, Rules
from cli.checking.records import read_lines

STANDARD_INPUT = "-"
LINES_SUFFIXES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
_MAY_HOLD_RECORDS = {"", ".json", ".txt"}
_PEEK = 64


class UnreadableTargetError(Exception):
    """What was named on the command line cannot be read at all; the message says why."""


def _ignore() -> None:
    """Nobody watches the progress."""


@dataclass(slots=True)
class Inputs:
    batches: Iterator[Batch]
    many: bool
    """Whether there may be more than one document."""
    files: int = 1
    on_file: Callable[[], None] = _ignore
    """Called when a file of a folder is begun."""


def open_target(target: str, rules: Rules, *, batched: bool) -> Inputs:
    """The batches of what ``target`` names.

    Args:
        target: a path, an address, or ``-``.
        rules: where JSON lines are asked for, standard input is read as such.
        batched: whether many lines of standard input go into one batch, as several processes want it; those
            of a file always do.

    Raises:
        UnreadableTargetError: nothing is there, or it may not be read.
    """
    if target == STANDARD_INPUT:
        if rules.as_lines:
            return Inputs(read_lines(sys.stdin.buffer, "stdin", batched=batched), many=True)
        return Inputs(iter([Given(read_body(read_bounded(sys.stdin.buffer), "stdin", rules))]), many=False)
    if target.lower().startswith(("http://", "https://")):
        return Inputs(iter([Given(read_page(target, rules))]), many=False)
    path = Path(target)
    if "://" in target and not path.exists():
        raise UnreadableTargetError(f"{target}: only http and https addresses are read")
    if path.is_dir():
        return _open_folder(path)
    if not path.exists():
        raise UnreadableTargetError(f"{target}: no such file or folder")
    if _holds_records(path, as_lines=rules.as_lines):
        return Inputs(_read_records(path, batched=batched or path.is_file()), many=True)
    return Inputs(iter([Paths((target,), in_folder=False)]), many=False)


def _open_folder(folder: Path) -> Inputs:
    paths = list(walk(folder))

    def read() -> Iterator[Batch]:
        for path in paths:
            inputs.on_file()
            if path.name.lower().endswith(LINES_SUFFIXES):
                yield from _read_records(path, batched=True)
            else:
                yield Paths((str(path),), in_folder=True)

    inputs = Inputs(read(), many=True, files=len(paths))
    return inputs


def walk(folder: Path) -> Iterator[Path]:
    """Every file below a folder, in the order of names; hidden ones and links to folders are left out."""
    for root, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(root, name)
            if not name.startswith(".") and path.is_file():
                yield path


def _refuse(error: OSError) -> None:
    raise UnreadableTargetError(f"{error.filename}: {error.strerror}") from error


def _holds_records(path: Path, *, as_lines: bool) -> bool:
    """Whether a file is JSON lines: by its name, or, where JSON lines are asked for, by how it begins."""
    if path.name.lower().endswith(LINES_SUFFIXES):
        return True
    if not as_lines or path.suffix.lower() not in _MAY_HOLD_RECORDS:
        return False
    with path.open("rb") as file:
        return file.read(_PEEK).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def _read_records(path: Path, *, batched: bool) -> Iterator[Batch]:
    """A file's lines, unpacked while they are read where its name ends in ``.gz``."""
    try:
        packed = path.suffix.lower() == ".gz"
        stream = cast("BinaryIO", gzip.open(path, "rb") if packed else path.open("rb"))  # noqa: SIM115 - closed below
        with stream:
            yield from read_lines(stream, str(path), batched=batched)
    except (OSError, EOFError, zlib.error) as error:
        yield Given(Failure(str(path), str(path), str(error)))
