"""Files whose words are pictures: read again in processes of their own, which have the memory for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from assessment.archives import ArchiveReading, read_file
from assessment.reading import Answer, Assessment, Known, ReadingError
from assessment.workers import WorkError, Workers, WorkersEndedError
from catalogue.imported import ImportedLists
from extraction import Recognition
from extraction.recognition import is_installed
from settings.model import Detection

_SHORT = 64 * 1024
"""Bytes of a page that is read in a few milliseconds."""
_IDLE_SECONDS = 60.0
"""After so long without a picture the processes end and give their memory back."""


@dataclass(frozen=True, slots=True)
class Recogniser:
    """Processes that read pictures, begun with the first picture, and how much of a file they read."""

    workers: Workers
    recognition: Recognition

    @classmethod
    def configured(cls, detection: Detection) -> Recogniser | None:
        """None where it is switched off or the extra is not installed."""
        if not detection.ocr_processes or not is_installed():
            return None
        workers = Workers(
            detection.ocr_processes,
            detection.ocr_timeout_seconds,
            detection.ocr_memory_megabytes,
            limits="detection.ocr_",
            idle_seconds=_IDLE_SECONDS,
        )
        return cls(workers, Recognition(detection.ocr_pages))

    def read(
        self, answer: Answer, known: Known, today: date, imported: ImportedLists
    ) -> Assessment | ArchiveReading:
        """The file with the words of its pictures; raises ReadingError and WorkError."""
        return self.workers.run(read_file, answer, known, today, self.recognition, imported=imported)


def read_in_workers(
    workers: Workers,
    recogniser: Recogniser | None,
    answer: Answer,
    known: Known,
    today: date,
    *,
    imported: ImportedLists,
) -> Assessment | ArchiveReading:
    """What :func:`~assessment.archives.read_file` reads in a worker; pictures of words by ``recogniser``.

    Most files hold none and cost nothing more. ``imported``: the lists in force. Raises ReadingError and
    WorkError.
    """
    is_short = len(answer.body) <= _SHORT and not known.is_attachment
    run = workers.run_beside if is_short else workers.run
    plain: Assessment | ArchiveReading
    try:
        plain = run(read_file, answer, known, today, imported=imported)
    except ReadingError as error:
        if recogniser is None or not error.needs_recognition:
            raise
        return recogniser.read(answer, known, today, imported)
    if recogniser is None or not plain.needs_recognition:
        return plain
    try:
        return recogniser.read(answer, known, today, imported)
    except WorkersEndedError:
        raise
    except WorkError as error:
        return _without_pictures(plain, f"its pictures were not read: {error}")


def _without_pictures(reading: Assessment | ArchiveReading, why: str) -> Assessment | ArchiveReading:
    """What was read without the pictures, which it says of itself."""
    if isinstance(reading, Assessment):
        return replace(reading, unread=why)
    members = tuple(
        replace(member, detail=why) if member.needs_recognition else member for member in reading.members
    )
    return replace(reading, members=members)
