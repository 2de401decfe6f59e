"""Bytes in, text out: pages and attachments of every kind that offices publish. Pure: no network."""

from extraction.archives import ArchiveLimits, expand_archive
from extraction.model import Extracted, ExtractionError, Link, UnreadableError, UnsupportedFormatError
from extraction.reading import extract
from extraction.sniffing import sniff

__all__ = [
    "ArchiveLimits",
    "Extracted",
    "ExtractionError",
    "Link",
    "UnreadableError",
    "UnsupportedFormatError",
    "expand_archive",
    "extract",
    "sniff",
]
