"""Words from outside, made fit for XML and for readers."""

from __future__ import annotations

from vocabulary.presentation import displayable, mask_personal_numbers

_NOT_IN_XML = {0xFFFE: None, 0xFFFF: None}
"""Not characters at all; what else XML forbids, ``displayable`` takes out."""


def on_one_line(text: str, limit: int = 0) -> str:
    """``text`` without anything that no document may hold, cut at ``limit``."""
    return displayable(text.translate(_NOT_IN_XML), limit=limit)


def masked(text: str, limit: int = 0) -> str:
    """The same, with telephone and identity numbers starred."""
    return on_one_line(mask_personal_numbers(text), limit)
