"""Characters that nobody sees, out of the text: they hide words from detection and turn quotes round."""

from __future__ import annotations

import re

_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"
_INVISIBLE = "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
_UNSEEN = re.compile(f"[{_CONTROLS}{_INVISIBLE}\U000e0000-\U000e007f]+")
_UNUSUAL = re.compile("[^\t\n\x20-\x7e\xa0-\xac\xae-\u034e\u2010-\u2027\u2e80-\ufefe\uff00-\ufff8]")
"""What may be one of them, or a line break of another kind."""
_BREAKS = re.compile("\r\n?|[\x85\u2028\u2029]")
_BLANK_LINES = re.compile(r"\n{3,}")


def clean(text: str) -> str:
    """Text without control, zero-width and bidi characters; every line break is ``\\n``."""
    if _UNUSUAL.search(text) is None:
        return text
    return _UNSEEN.sub("", _BREAKS.sub("\n", text))


def clean_line(text: str) -> str:
    """One line without unseen characters, its white space single spaces."""
    return " ".join(clean(text).split())


def join_lines(text: str) -> str:
    """Clean text of a document: lines stripped at their ends, at most one blank line in a row."""
    lines = (line.strip(" \t\xa0\u3000") for line in clean(text).split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()
