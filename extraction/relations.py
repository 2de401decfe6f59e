"""Parts of an office package by what they are for: programs name them as they like, even the main one."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extraction.model import UnreadableError
from extraction.packages import read_part

if TYPE_CHECKING:
    from zipfile import ZipFile

_TYPE, _TARGET, _ID, _MODE = "Type", "Target", "Id", "TargetMode"


@dataclass(frozen=True, slots=True)
class Relation:
    """A part that another one names."""

    identity: str
    kind: str
    """Last word of its type, in lower case: ``officedocument``, ``comments``, ``afchunk``."""
    target: str
    """Name of the part in the package."""


def relations(package: ZipFile, part: str = "") -> Iterator[Relation]:
    """What a part names, by default the package itself; nothing where it has no relations or broken ones."""
    from lxml import etree  # noqa: PLC0415

    folder, _, name = part.rpartition("/")
    rels = posixpath.join(folder, "_rels", f"{name}.rels")
    if rels not in package.NameToInfo:
        return
    try:
        tree = etree.fromstring(
            read_part(package, rels), etree.XMLParser(resolve_entities=False, no_network=True)
        )
    except (UnreadableError, etree.XMLSyntaxError):
        return
    for element in tree:
        target = element.get(_TARGET, "").replace("\\", "/")
        if not target or element.get(_MODE) == "External":
            continue
        path = (
            target.lstrip("/")
            if target.startswith("/")
            else posixpath.normpath(posixpath.join(folder, target))
        )
        if path in package.NameToInfo:
            yield Relation(element.get(_ID, ""), element.get(_TYPE, "").rpartition("/")[2].lower(), path)


def main_part(package: ZipFile, usual: str) -> str:
    """The part that holds the document: what the package names so, else the ``usual`` one."""
    named = next((each.target for each in relations(package) if each.kind == "officedocument"), "")
    return named or usual
