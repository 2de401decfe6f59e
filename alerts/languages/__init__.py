"""The languages that mails and the pages behind their buttons are written in.

Chinese stands where it is used, in code and templates; every other language is a table here, from the Chinese
words to its own. What is quoted, and names of places, bodies, certificates and laws, stay Chinese in all of
them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from jinja2 import Environment, PackageLoader, StrictUndefined, nodes, select_autoescape

from vocabulary.codes import Violation
from vocabulary.names import CHINESE, name_of


@dataclass(frozen=True, slots=True)
class Language:
    """How something is said in one language."""

    code: str
    """As HTML and mail headers name it."""
    words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Translations of the Chinese words; empty for Chinese."""
    gists: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What the rule behind a violation comes to, for those who do not read it in Chinese."""
    day_pattern: str = "{year}年{number}月{day}日"
    months: tuple[str, ...] = ("",) * 12

    def say(self, words: str, **values: object) -> str:
        """``words``, which are Chinese, in this language, with ``values`` for what stands in braces."""
        said = self.words.get(words, words)
        return said.format(**values) if values else said

    def name(self, code: StrEnum) -> str:
        """What a code is called in this language."""
        return name_of(code, self.code)

    def day(self, day: date | None) -> str:
        """``2026年11月2日``; empty for None."""
        if day is None:
            return ""
        month = self.months[day.month - 1]
        return self.day_pattern.format(year=day.year, number=day.month, day=day.day, month=month)

    def moment(self, local: datetime) -> str:
        """The same with hour and minute."""
        return f"{self.day(local.date())} {local:%H:%M}"

    def gist(self, violation: Violation) -> str:
        """What the rule comes to; empty in Chinese, where the rule itself is said."""
        return self.gists.get(violation.value, "")


@cache
def language(code: str) -> Language:
    """The language called ``code`` in the configuration; raises ``FileNotFoundError`` for another one."""
    if code == CHINESE:
        return Language(CHINESE)
    table = tomllib.loads(files("alerts.languages").joinpath(f"{code}.toml").read_text(encoding="utf-8"))
    return Language(
        code, table["words"], table["gists"], table["dates"]["day"], tuple(table["dates"]["months"])
    )


class _Templates(Environment):
    """The templates of a package in one language.

    Words that stand in a page as they are become part of it when it is compiled: a list says them a hundred
    times.
    """

    def __init__(self, speech: Language, package: str) -> None:
        super().__init__(
            loader=PackageLoader(package),
            extensions=("jinja2.ext.i18n",),
            autoescape=select_autoescape(("html",), default=False),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._speech = speech
        # newstyle: what stands for %(…)s is escaped as everywhere else.
        self.install_gettext_callables(  # type: ignore[attr-defined]
            speech.say, lambda one, many, count: speech.say(one if count == 1 else many), newstyle=True
        )

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        for output in source.find_all(nodes.Output):
            output.nodes = [self._said(node) for node in output.nodes]
        return super()._generate(source, name, filename, defer_init)

    def _said(self, node: nodes.Expr) -> nodes.Expr:
        match node:
            case nodes.Call(node=nodes.Name(name="_"), args=[nodes.Const(value=str(words))], kwargs=[]) if (
                "%" not in words
            ):
                return nodes.TemplateData(self._speech.say(words))
        return node


@cache
def templates_in(code: str, package: str) -> Environment:
    """The ``templates/`` of ``package`` in a language: ``_("…")`` in them says Chinese words in it."""
    return _Templates(language(code), package)
