"""Attached files as they come: one document, or an archive whose members are documents of their own.

A task of the worker processes, pure like ``assessment.reading``: a whole archive has the time and memory
of one file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from urllib.parse import quote

from assessment.day import NOTHING_STATED
from assessment.judging import judge
from assessment.reading import Answer, Assessment, Known, ReadingError, assess, document_facts
from catalogue.imported import NONE_IMPORTED, ImportedLists
from extraction import ArchiveLimits, ExtractionError, Recognition, expand_archive, is_archive, sniff
from vocabulary.addresses import MEMBER
from vocabulary.codes import Outcome

_DEEPEST = 2
"""Archives inside an archive inside an archive are met; deeper ones are traps."""
_LONGEST_NAME = 120
_MEMBERS = 200
"""Files read of one archive, those of archives inside it counted too."""
_UNPACKED_BYTES = 128 << 20
"""What the archives inside an archive may unpack to, together."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: read and judged, or why not."""

    known: Known
    """With its own address (``…zip#member=name``) and title."""
    reading: Assessment | None = None
    outcome: Outcome = Outcome.OK
    detail: str = ""
    needs_recognition: bool = False
    """Whether it holds pictures of words that were not read."""


@dataclass(frozen=True, slots=True)
class ArchiveReading:
    """An archive: its table of contents as a document, and its members."""

    contents: Assessment
    members: tuple[Member, ...]

    @property
    def needs_recognition(self) -> bool:
        """Whether any member holds pictures of words that were not read."""
        return any(member.needs_recognition for member in self.members)


def read_file(
    answer: Answer,
    known: Known,
    today: date,
    recognition: Recognition | None = None,
    *,
    imported: ImportedLists = NONE_IMPORTED,
) -> Assessment | ArchiveReading:
    """Like :func:`~assessment.reading.assess`, with the members of an archive.

    Raises ReadingError.
    """
    if not is_archive(answer.body, answer.media_type, answer.name):
        return assess(answer, known, today, recognition, imported=imported)
    names: dict[str, int] = {}
    members: list[Member] = []
    try:
        for name, body in _Unpacking().files(answer.body, "", 0):
            names[name] = names.get(name, 0) + 1
            own = name if names[name] == 1 else f"{name}~{names[name]}"
            members.append(_read_member(own, body, known, today, recognition, imported=imported))
    except ExtractionError as error:
        if not members:
            raise ReadingError(Outcome.UNREADABLE_ATTACHMENT, str(error)) from error
        rest, why = _known_member("…", known), f"the rest of the archive: {error}"
        members.append(Member(rest, None, Outcome.UNREADABLE_ATTACHMENT, why))
    if not members:
        raise ReadingError(Outcome.EMPTY, "the archive holds no files: fetch it again or look at it by hand")
    return ArchiveReading(_contents(answer.body, members, known, today, imported), tuple(members))


class _Unpacking:
    """The files of an archive and of those inside it, within the limits of them all together."""

    def __init__(self) -> None:
        self._members = _MEMBERS
        self._bytes = _UNPACKED_BYTES

    def files(self, body: bytes, folder: str, depth: int) -> Iterator[tuple[str, bytes]]:
        limits = ArchiveLimits(members=self._members, total_bytes=self._bytes)
        for name, data in expand_archive(body, limits):
            self._members -= 1
            self._bytes -= len(data)
            if depth < _DEEPEST and is_archive(data, name=name):
                yield from self.files(data, f"{folder}{name}/", depth + 1)
            else:
                yield f"{folder}{name}", data


def _known_member(name: str, archive: Known) -> Known:
    short = name[-_LONGEST_NAME:]
    title = f"{archive.title}/{short}" if archive.title else short
    return replace(archive, url=f"{archive.url}{MEMBER}{quote(short)}", title=title, is_attachment=True)


def _read_member(
    name: str,
    body: bytes,
    archive: Known,
    today: date,
    recognition: Recognition | None,
    *,
    imported: ImportedLists,
) -> Member:
    known = _known_member(name, archive)
    try:
        reading = assess(Answer(body, name=name), known, today, recognition, imported=imported)
    except ReadingError as error:
        return Member(known, None, error.outcome, error.detail, error.needs_recognition)
    return Member(known, reading, detail=reading.unread, needs_recognition=reading.needs_recognition)


def _contents(
    body: bytes, members: list[Member], known: Known, today: date, imported: ImportedLists
) -> Assessment:
    """What the archive itself says: its files by name, and its digest, so that a new one is a new text."""
    lines = [f"压缩包内有{len(members)}个文件：", *(member.known.title for member in members)]
    title = known.title
    if known.parent_title:
        title = f"{known.parent_title}（附件：{title}）"
    # Names of files demand nothing: only what stands in them is judged.
    judged = judge("", replace(known, title=title), today, stated=NOTHING_STATED, imported=imported)
    return Assessment(
        text="\n".join([*lines, f"SHA-256：{sha256(body).hexdigest()}"]),
        media_type=sniff(body),
        charset="",
        title=title,
        publisher=known.publisher,
        published_on=judged.day.published_on,
        result=judged.result,
        facts=document_facts(known.url, judged),
        attachments=(),
        detection_seconds=judged.seconds,
        catalogue=judged.catalogue,
    )
