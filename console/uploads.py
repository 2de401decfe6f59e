"""Files that strangers send: taken by their contents, read by a worker process, kept as evidence."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import FormData, UploadFile

from alerts.languages import Language
from assessment.archives import ArchiveReading
from assessment.judging import Known
from assessment.reading import Answer
from assessment.recognising import read_in_workers
from console.desk import Desk
from extraction.sniffing import DOC, DOCX, OFD, PDF, PICTURES, PLAIN, XLS, XLSX, sniff
from storage.evidence import EvidenceRef, Resource
from vocabulary.page_errors import PageError
from vocabulary.presentation import displayable
from vocabulary.reasons import reason_in_chinese

FILE_BYTES = 10 * 1024 * 1024
KINDS = frozenset({PDF, DOC, DOCX, XLS, XLSX, OFD, PLAIN, *PICTURES})
"""What is taken: what a worker reads, and neither runs nor holds other files."""
TEXT_KEPT = 20_000
"""Characters of what a file says that are kept beside it."""


class UploadRefused(Exception):  # noqa: N818 - the field's word
    """The file is not taken; the message says why, to whoever sent it."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a form."""

    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class KeptUpload:
    """A file that is evidence now, and what it says."""

    name: str
    media_type: str
    size: int
    ref: EvidenceRef
    text: str
    unread: str
    """Why it was not read, or which part of it."""


def typed(form: FormData, name: str) -> str:
    """What was typed into a field of a form with files, without blanks around it; empty for a file."""
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


async def read_uploads(form: FormData, name: str) -> list[Upload]:
    """The files of a form's field that are not empty; of one that is too large only the beginning."""
    files = [each for each in form.getlist(name) if isinstance(each, UploadFile) and each.size]
    return [
        Upload(displayable(each.filename or "", limit=100) or "file", await each.read(FILE_BYTES + 1))
        for each in files
    ]


def keep_upload(desk: Desk, uri: str, upload: Upload, speech: Language) -> KeptUpload:
    """Keep a file as evidence under ``uri``, with what a worker reads of it. Raises ``UploadRefused``."""
    media_type = require_taken(desk, upload, speech)
    ref = desk.context.evidence.write_resource(Resource(uri, media_type, upload.body, desk.context.now()))
    text, unread = _read(desk, upload)
    return KeptUpload(upload.name, media_type, len(upload.body), ref, text[:TEXT_KEPT], unread)


def require_taken(desk: Desk, upload: Upload, speech: Language) -> str:
    """The media type of a file by its contents; raises ``UploadRefused`` where such a one is not taken."""
    if len(upload.body) > FILE_BYTES:
        limit = FILE_BYTES // 1024 // 1024
        raise UploadRefused(speech.say("{name}过大：每个文件至多{limit} MB。", name=upload.name, limit=limit))
    try:
        media_type = desk.context.workers.run(sniff, upload.body, "", upload.name)
    except PageError:
        media_type = ""
    if media_type not in KINDS:
        raise UploadRefused(
            speech.say("{name}不能接收：只收图片、PDF、OFD、Word、Excel 和纯文本文件。", name=upload.name)
        )
    return media_type


def _read(desk: Desk, upload: Upload) -> tuple[str, str]:
    context = desk.context
    try:
        reading = read_in_workers(
            context.workers,
            context.recogniser,
            Answer(upload.body, name=upload.name),
            Known(is_attachment=True),
            context.today(),
            imported=context.imported(),
        )
    except PageError as error:
        return "", reason_in_chinese(str(error))
    if isinstance(reading, ArchiveReading):
        return reading.contents.text, ""
    return reading.text, reason_in_chinese(reading.unread) if reading.unread else ""
