"""Why an address, file or text gave nothing: one tree of errors, each with the outcome that is recorded.

``PageError`` is what ends one page and nothing else; ``StoppedError`` is what ends the program's work. The
rooms add what they know: ``FetchError`` (crawling), ``ReadingError`` and ``WorkError`` (assessment).
"""

from __future__ import annotations

from vocabulary.codes import Outcome


class PageError(Exception):
    """One page could not be read; ``outcome`` says how that ended, ``detail`` why and what to do."""

    status: int | None = None
    """What the server answered, where it did."""

    def __init__(self, outcome: Outcome, detail: str) -> None:
        super().__init__(outcome, detail)
        self.outcome = outcome
        self.detail = detail

    def __str__(self) -> str:
        return self.detail


class StoppedError(Exception):
    """The program is ending: what was about to be done is done at the next start."""
