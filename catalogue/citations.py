"""How the documents that verdicts rest on are cited, and where each of them binds."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from catalogue.loading import DATA, read_rows
from catalogue.territory import holds_in

_NUMBERED = re.compile(r"^《[^《》]{2,60}》|〔\d{4}〕\d+号$")
_TITLED = re.compile(r"《([^《》]{2,60})》(.*)")


@dataclass(frozen=True, slots=True)
class LegalDocument:
    """A document of ``citations.csv``."""

    title: str
    number: str
    """Empty where it has none, or where none is known."""
    region: str
    """GB/T 2260 code of the area in which it binds; empty: everywhere."""

    @property
    def citation(self) -> str:
        """Title first, then number: ``《国务院关于……的决定》（国发〔2016〕35号）``."""
        return f"《{self.title}》（{self.number}）" if self.number else f"《{self.title}》"

    def holds_in(self, region: str | None) -> bool:
        """Whether it binds in ``region``; where that is not known, only what binds everywhere does."""
        return holds_in(self.region, region)


@functools.cache
def legal_documents() -> dict[str, LegalDocument]:
    """By number, or by the short title under which the lists name them."""
    return {
        row["document"]: LegalDocument(row["title"], row["number"], row["region"])
        for row in read_rows(DATA / "citations.csv")
    }


def is_citable(document: str) -> bool:
    """Whether ``document`` is a document with a number or a title, and no description of one."""
    return document in legal_documents() or _NUMBERED.search(document) is not None


@functools.cache
def cite(document: str) -> str:
    """``document`` as official documents cite it; where its title is not known, as the lists name it.

    ``《会计法》2017年修正`` keeps what stands behind the title: ``《中华人民共和国会计法》（2017年修正）``.
    """
    known = legal_documents().get(document)
    if known is not None:
        return known.citation
    written = _TITLED.fullmatch(document)
    if written is None:
        return document
    known = legal_documents().get(written[1])
    title = known.citation if known is not None else f"《{written[1]}》"
    rest = written[2].strip()
    if not rest or rest.startswith(("第", "（")):
        return title + rest
    return f"{title}（{rest}）"
