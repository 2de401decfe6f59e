"""The page that a finding rests on, taken from the archive and checked on the way."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import unquote, urlsplit

from sqlmodel import Session

from storage.errors import EvidenceError
from storage.evidence import EvidenceRecord, EvidenceRef, EvidenceStore
from storage.tables import AnswerFile, Document, DocumentVersion, Finding, PagePicture

_PAGES = ("text/html", "application/xhtml")
_NAME_LIMIT = 80
_CONTEXT = 60
"""Characters shown on each side of the quote."""


class UnknownFindingError(LookupError):
    """No finding has this number."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A finding with the stored text around its quote and the response that the text was read from."""

    finding: Finding
    document: Document
    version: DocumentVersion
    record: EvidenceRecord
    before: str
    after: str

    @property
    def file_name(self) -> str:
        """A harmless name for the extracted body."""
        return f"finding-{self.finding.id}-{safe_name(self.record.url, self.version.media_type)}"


def find_proof(session: Session, store: EvidenceStore, finding_id: int) -> Proof:
    """Everything that finding ``finding_id`` rests on, verified from the quote to the bytes that were sent.

    Raises ``UnknownFindingError``, and ``EvidenceError`` where the stored text no longer fits its SHA-256,
    the quote is not in it, or the archived body is missing or changed.
    """
    finding = session.get(Finding, finding_id)
    if finding is None:
        raise UnknownFindingError(finding_id)
    version = session.get_one(DocumentVersion, finding.version_id)
    document = session.get_one(Document, version.document_id)
    text, start, end = version.text, finding.start, finding.end
    if sha256(text.encode("utf-8")).hexdigest() != version.text_sha256:
        raise EvidenceError(f"the stored text of {document.url} does not fit its own SHA-256")
    if text[start:end] != finding.quote:
        raise EvidenceError(f"the quote of finding {finding_id} does not stand in the stored text")
    record = store.read(evidence_ref(version))
    before, after = text[max(0, start - _CONTEXT) : start], text[end : end + _CONTEXT]
    return Proof(finding, document, version, record, before, after)


def evidence_ref(version: DocumentVersion | AnswerFile | PagePicture) -> EvidenceRef:
    """Where the response is kept that ``version`` was read from, a file that somebody sent, or a picture."""
    return EvidenceRef(
        version.evidence_file, version.evidence_record, version.body_sha256, version.evidence_offset
    )


def is_page(version: DocumentVersion) -> bool:
    """Whether it is one that a browser shows; files are kept as they are."""
    return version.media_type.startswith(_PAGES)


def content_type(version: DocumentVersion) -> str:
    """As the page was read."""
    charset = version.charset
    is_name = charset.isascii() and charset.replace("-", "").replace("_", "").isalnum()
    return f"text/html; charset={charset}" if is_name else "text/html"


def safe_name(url: str, media_type: str) -> str:
    """A file name out of ``url``: letters, digits, ``-``, ``_``, one ending; never a path or hidden."""
    last = unquote(urlsplit(url).path).rpartition("/")[2]
    stem, dot, ending = last.rpartition(".")
    if not dot or not re.fullmatch(r"[A-Za-z0-9]{1,8}", ending):
        stem, ending = last, (mimetypes.guess_extension(media_type) or ".bin").lstrip(".")
    stem = re.sub(r"[^\w-]+", "_", stem).strip("_-")[:_NAME_LIMIT]
    return f"{stem or 'page'}.{ending}"
