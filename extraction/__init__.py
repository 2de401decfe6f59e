"""Bytes in, text out: pages and attachments of every kind that offices publish. Pure: no network.

A new format is one module of ``readers`` with ``read(body, declared)``, its mark in ``sniffing`` and its row
in ``reading.READERS``.
"""

from extraction.archives import expand_archive, is_archive
from extraction.limits import ArchiveLimits
from extraction.model import (
    Extracted,
    ExtractionError,
    Link,
    NeedsRecognitionError,
    UnreadableError,
    UnsupportedFormatError,
)
from extraction.reading import extract
from extraction.recognition import Recognition
from extraction.sniffing import sniff

__all__ = [
    "ArchiveLimits",
    "Extracted",
    "ExtractionError",
    "Link",
    "NeedsRecognitionError",
    "Recognition",
    "UnreadableError",
    "UnsupportedFormatError",
    "expand_archive",
    "extract",
    "is_archive",
    "sniff",
]
