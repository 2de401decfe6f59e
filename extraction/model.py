"""What extraction gives for bytes of any kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


class ExtractionError(Exception):
    """The bytes could not be read; the message says why and what to do."""


class UnsupportedFormatError(ExtractionError):
    """No reader exists for this kind of file."""


class UnreadableError(ExtractionError):
    """The file is of a known kind but broken, encrypted, empty of text, or over its limits."""


class NeedsRecognitionError(UnreadableError):
    """The file holds its words as pictures only, and reading those was not asked for."""


PROTECTED = "the file is protected by a password; ask its publisher for an open copy"
"""What UnreadableError says of an encrypted file of any kind."""


@dataclass(frozen=True, slots=True)
class Link:
    """A hyperlink as the page shows it; ``url`` is absolute."""

    url: str
    """Empty where the page gives no address, but a script that a click runs: ``action``."""
    text: str
    """Its name; a day or a summary that stands inside the link is part of ``after``."""
    title: str = ""
    """The ``title`` attribute: list pages shorten their link texts and keep the whole one here."""
    before: str = ""
    """Text of the nearest row or list item up to the link, where a list page may put the date."""
    after: str = ""
    """The same behind the link."""
    row: int = 0
    """Number of that row on the page; links of one row share it, and 0 is none."""
    action: str = ""
    """What a click calls, with arguments, as ``showview(38196)``; empty where it calls nothing."""
    is_file: bool = False
    """Whether the page offers it as a file, by ``download`` or in a viewer."""
    is_below_label: bool = False
    """Whether it stands behind ``附件：`` or in a list under these words."""


@dataclass(frozen=True, slots=True)
class StatedDays:
    """The days that a page or file names as that of its publication, by where it names them."""

    printed: date | None = None
    """Where readers see it: by a label (发布日期), or in a line of its own under the title."""
    written: date | None = None
    """By a label of the day on which the text was made: 成文日期, 印发日期."""
    in_address: date | None = None
    in_meta: date | None = None
    """In a meta tag; None where that is the time at which the content system made the page anew."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """Visible text of a page or file, with its structure kept as text.

    Table rows stand on lines of their own. In a sheet or table with a header row, each cell below it is given
    its column heading (``其他要求：…``), so that a requirement stands beside its heading and its position.
    """

    text: str
    media_type: str
    title: str = ""
    publisher: str = ""
    days: StatedDays = StatedDays()
    charset: str = ""
    links: tuple[Link, ...] = field(default=())
    frames: tuple[str, ...] = ()
    """Addresses of the frames that the page is made of, absolute."""
    pictures: tuple[Link, ...] = field(default=())
    """Pictures that stand in for the text of a page which says next to nothing itself."""
    recognised: bool = False
    """Whether words were read from pictures: characters may be wrong, and a person must compare."""
    unread: str = ""
    """What of the file was not read, and what to do about it; empty where all was."""
    needs_recognition: bool = False
    """Whether what was not read are pictures, which were not asked for."""
