"""Why something about accounts cannot be done."""

from __future__ import annotations


class AccountError(Exception):
    """It cannot be done; the message says why and what to do, in Chinese.

    ``words`` and ``values`` are for those who read it in another language (``alerts.languages``).
    """

    def __init__(self, words: str, **values: object) -> None:
        super().__init__(words.format(**values))
        self.words = words
        self.values = values
