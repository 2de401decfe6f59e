"""Scans that somebody pasted into an office file: DOCX and OFD whose words are pictures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extraction.documents import described
from extraction.model import Extracted, UnreadableError
from extraction.packages import open_package, read_part
from extraction.readers.picture import pictures_of
from extraction.reading import Declared
from extraction.recognition import must_recognise

if TYPE_CHECKING:
    from zipfile import ZipFile

_FEWEST_LETTERS = 40
"""Letters from which a file speaks for itself."""
_FEWEST_BYTES = 15_000
"""Of a picture; smaller ones are logos and lines."""
_ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
_NUMBER = re.compile(r"\d+")


def read_with_pictures(body: bytes, text: str, declared: Declared, *, unread: str = "") -> Extracted:
    """The text of an office file, and what its pictures say where it says next to nothing itself.

    ``unread``: what of it could not be read besides.

    Raises NeedsRecognitionError where there are pictures only, and they may not be read here.
    """
    letters = len("".join(text.split()))
    if letters >= _FEWEST_LETTERS:
        return described(text, declared, unread=unread)
    with open_package(body) as package:
        names = _pictures(package)
        if not names:
            return described(text, declared, unread=unread)
        if declared.recognition is not None:
            return _recognised(package, names, text, declared, declared.recognition.pages)
    refusal = must_recognise(f"the file shows {len(names)} pictures in place of text")
    if not letters:
        raise refusal
    unread = str(refusal).removeprefix("no text: ")
    return described(text, declared, unread=unread, needs_recognition=True)


def _pictures(package: ZipFile) -> list[str]:
    """Names of the pictures, in the order in which programs number them."""
    names = [
        part.filename
        for part in package.infolist()
        if part.filename.lower().endswith(_ENDINGS) and part.file_size >= _FEWEST_BYTES
    ]
    return sorted(names, key=lambda name: _NUMBER.sub(lambda number: number[0].zfill(9), name))


def _recognised(package: ZipFile, names: list[str], text: str, declared: Declared, most: int) -> Extracted:
    from extraction.recognition.engine import recognise  # noqa: PLC0415

    lines = [text]
    read = 0
    for name in names[:most]:
        try:
            for picture in pictures_of(read_part(package, name)):
                lines += recognise(picture)
        except UnreadableError:
            continue
        read += 1
    unread = ""
    if read < len(names):
        unread = f"only {read} of its {len(names)} pictures were read: look at the others by hand"
    return described("\n".join(lines), declared, recognised=True, unread=unread)
