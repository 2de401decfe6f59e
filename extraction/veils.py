"""What a page keeps hidden until a script shows it, read as its readers see it in the end.

An article that fades in, a second tab, a text that «more» unfolds, a body that a script copies out of a
template or a hidden field: the words are sent with the page and anybody can read them. Menus, counters and
traps are hidden too: what is mostly links, or no more than some words, stays out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from extraction.written import bodies_in

_BLOCKS = frozenset(
    [
        "article",
        "blockquote",
        "center",
        "div",
        "dl",
        "form",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "ul",
    ]
)
_FIELDS = frozenset({"textarea", "script"})
_KEPT_BACK = _BLOCKS | _FIELDS | {"input", "template", "iframe"}
_TEMPLATES = (
    "text/html",
    "text/template",
    "text/x-template",
    "text/x-tmpl",
    "text/plain",
    "text/ng-template",
)
_PLACEHOLDERS = ("{{", "}}", "<%", "${", "[[", "{%")
_FEWEST_LETTERS = 12
"""Outside of links: less is a label or a message of the page's own."""
_FEWEST_IN_FIELD, _FEWEST_IN_SCRIPT = 24, 60
_FEW_LETTERS = 300
"""Of a page whose body may stand in its scripts."""
_MOST_SCRIPTS = 100
_DEEPEST = 4
_MARKUP = ("<p", "<div", "<br", "<table", "<span", "<section", "&lt;p", "&lt;div", "<a ", "&lt;a ")


class Page(Protocol):
    """What takes the events of a page: ``readers.html.PageText``."""

    @property
    def is_hidden(self) -> bool: ...
    @property
    def letters(self) -> int:
        """Characters outside of links."""

    lines: list[str]

    def start(self, tag: str, attributes: dict[str, str]) -> None: ...
    def end(self, tag: str) -> None: ...
    def data(self, text: str) -> None: ...
    def close(self) -> None: ...
    def unveil(self, other: Page) -> None:
        """Take what stood behind a veil into the page."""

    def take_files(self, other: Page) -> None:
        """Take the documents alone that are linked there: a script shows them under a heading of its own."""


class Unveiling:
    """Hands the parser's events to a page; hidden blocks become pages of their own that it may take in."""

    def __init__(
        self, page: Page, another: Callable[[], Page], parse: Callable[[str, object], None], level: int = 0
    ) -> None:
        """``another`` makes an empty page, ``parse`` sends the events of some markup to a target."""
        self.page = page
        self._another = another
        self._parse = parse
        self._level = level
        self._veil: Unveiling | None = None
        self._depth = 0
        self._field: list[str] | None = None
        self._scripts: list[str] = []
        self._script: list[str] | None = None
        self._is_field_shown = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._veil is not None:
            self._depth += 1
            self._veil.start(tag, attributes)
            return
        if (
            (attributes or tag == "script")
            and tag in _KEPT_BACK
            and self._level < _DEEPEST
            and not self.page.is_hidden
        ):
            attributes = self._start_kept_back(tag, attributes)
        if self._veil is None:
            self.page.start(tag, attributes)

    def _start_kept_back(self, tag: str, attributes: dict[str, str]) -> dict[str, str]:
        """Begin a veil or field where one begins; the attributes with which the element is shown."""
        if tag in _FIELDS:
            if _may_hold_markup(tag, attributes):
                self._field = []
                self._is_field_shown = tag == "textarea" and not hidden_how(attributes)
            elif not self._level and "src" not in attributes and len(self._scripts) < _MOST_SCRIPTS:
                self._script = []
        elif tag == "input":
            if attributes.get("type", "").lower() == "hidden":
                self._read_field(attributes.get("value", ""))
        elif tag == "iframe":
            self._read_field(attributes.get("srcdoc", ""))
        elif how := _hides(tag, attributes):
            shown = {name: value for name, value in attributes.items() if name not in {"style", "hidden"}}
            if how == "unseen":  # it keeps its place, so something is to appear there
                return shown
            self._veil = self._inner()
            self._depth = 0
            self._veil.start("div" if tag == "template" else tag, shown)
        return attributes

    def end(self, tag: str) -> None:
        if self._veil is None:
            self._end_field()
            self.page.end(tag)
            return
        self._veil.end(tag)
        if self._depth:
            self._depth -= 1
            return
        veil, self._veil = self._veil, None
        veil.close()
        self._take(veil.page, _FEWEST_LETTERS)

    def data(self, text: str) -> None:
        if self._veil is not None:
            self._veil.data(text)
        elif self._field is not None:
            self._field.append(text)
        elif self._script is not None:
            self._script.append(text)
        else:
            self.page.data(text)

    def close(self) -> None:
        """Also where the page ends within a veil or a field."""
        if self._veil is not None:
            veil, self._veil = self._veil, None
            veil.close()
            self._take(veil.page, _FEWEST_LETTERS)
        self._end_field()
        if self.page.letters < _FEW_LETTERS:
            for body in bodies_in(self._scripts):
                self._read_field(body, _FEWEST_IN_SCRIPT)
        self.page.close()

    def _inner(self) -> Unveiling:
        return Unveiling(self._another(), self._another, self._parse, self._level + 1)

    def _end_field(self) -> None:
        if self._script is not None:
            self._scripts.append("".join(self._script))
            self._script = None
        if self._field is None:
            return
        text, self._field = "".join(self._field), None
        if not self._read_field(text) and self._is_field_shown:
            self.page.data(text)

    def _read_field(self, text: str, fewest: int = _FEWEST_IN_FIELD) -> bool:
        """Whether a field holds markup, which is then read."""
        if len(text) < _FEWEST_IN_FIELD or not any(mark in text.lower() for mark in _MARKUP):
            return False
        inner = self._inner()
        self._parse(text, inner)
        self._take(inner.page, 1 if self._is_field_shown else fewest)
        return True

    def _take(self, page: Page, fewest: int) -> None:
        text = "".join(page.lines)
        if any(mark in text for mark in _PLACEHOLDERS):
            return
        if page.letters >= fewest and page.letters * 2 >= len(text):
            self.page.unveil(page)
        else:
            self.page.take_files(page)


def _hides(tag: str, attributes: dict[str, str]) -> str:
    """As :func:`hidden_how`; browsers show a template where it is the root of an element's own tree."""
    if tag == "template":
        return "gone" if "shadowrootmode" in attributes else ""
    return hidden_how(attributes)


def _may_hold_markup(tag: str, attributes: dict[str, str]) -> bool:
    return tag == "textarea" or attributes.get("type", "").strip().lower() in _TEMPLATES


def hidden_how(attributes: dict[str, str]) -> str:
    """``gone`` where an element takes no place, ``unseen`` where it keeps it, empty where it is shown."""
    if "hidden" in attributes:
        return "gone"
    style = attributes.get("style")
    if not style or ("isplay" not in style.lower() and "isibility" not in style.lower()):
        return ""
    compact = "".join(style.split()).lower()
    if "display:none" in compact:
        return "gone"
    return "unseen" if "visibility:hidden" in compact else ""


STRUCK = frozenset({"s", "strike", "del"})
"""Elements with a line through their words, as what no longer holds has."""


def is_unseen(attributes: dict[str, str]) -> bool:
    """Whether an element's attributes hide it or put a line through its words."""
    return bool(hidden_how(attributes)) or "line-through" in attributes.get("style", "").lower()
