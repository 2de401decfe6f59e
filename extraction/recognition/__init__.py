"""Words in pictures, read by RapidOCR: the optional extra ``ocr``.

Its models come with its wheel: nothing is fetched when it runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from extraction.model import NeedsRecognitionError

_NEEDED = ("rapidocr", "onnxruntime", "cv2")


@dataclass(frozen=True, slots=True)
class Recognition:
    """That pictures may be read, and how much of one file."""

    pages: int = 40
    """Pages of a document, or page-sized parts of a picture; the rest is named as unread."""


def is_installed() -> bool:
    """Whether the extra is there; asks without loading it."""
    return all(find_spec(name) is not None for name in _NEEDED)


def must_recognise(what: str) -> NeedsRecognitionError:
    """The refusal of a file that holds ``what``, in the words of what to do about it."""
    return NeedsRecognitionError(
        f"no text: {what}; {how_to_recognise()}, or ask for the file that was printed"
    )


def how_to_recognise() -> str:
    """What an operator does so that pictures of words are read."""
    if is_installed():
        return "it needs OCR: switch it on (detection.ocr_processes)"
    return "it needs OCR: install it (pip install 'qualwatch[ocr]')"
