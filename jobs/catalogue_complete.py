"""Fetches, checks and imports the official lists themselves, each document by itself.

Every known address of a document is asked until one gives the right annex with the right number of items.
What fails says why and what to do, and costs the other documents nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from assessment.official_lists import UnreadableListError, fetch_list
from catalogue.annex_items import Annex, OfficialList
from catalogue.book import Catalogue
from catalogue.checks import conflicting, misreadings
from catalogue.documents import Effect, OfficialDocument
from catalogue.imported import ImportedList
from catalogue.parts import choose_annex
from catalogue.proposal import Proposed, propose
from crawling.fetching.fetcher import Fetcher
from crawling.listing.addresses import is_attachment
from vocabulary.codes import Evidence

_NO_LIST = 10
"""Less than this part of the items is no list, but a word beside it."""
_FILES_ASKED = 8
"""Files of one page that are read in search of the annex."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One address that was asked."""

    address: str
    problem: str
    """Why it was not the list, in Chinese; empty where it was."""
    is_near: bool = False
    """Whether it held a list of the right kind, which did not fit."""


@dataclass(frozen=True, slots=True)
class Found:
    """A list that was read and fits its official total."""

    source: OfficialList
    annex: Annex
    proposed: tuple[Proposed, ...]


@dataclass(frozen=True, slots=True)
class Completion:
    """What became of one document."""

    document: OfficialDocument
    attempts: tuple[Attempt, ...] = ()
    found: Found | None = None
    imported: bool = False
    known_since: date | None = None
    """The day on which it had been imported before; None where it had not."""
    addresses: tuple[str, ...] = field(default=())

    @property
    def conflicts(self) -> list[str]:
        return conflicting(self.found.proposed) if self.found else []

    @property
    def is_ready(self) -> bool:
        """Whether it may be imported without a person's word."""
        return self.found is not None and not self.conflicts

    @property
    def failed(self) -> bool:
        return self.known_since is None and self.found is None


def find_list(
    document: OfficialDocument,
    addresses: Sequence[str],
    fetcher: Fetcher,
    catalogue: Catalogue,
    tell: Callable[[str], object] = lambda _: None,
) -> Completion:
    """Ask ``addresses`` one after the other until one gives the list; ``tell`` hears of each before."""
    attempts: list[Attempt] = []
    asked: set[str] = set()
    for address in addresses:
        if address in asked:
            continue
        tell(address)
        for attempt, found in _look(document, address, fetcher, catalogue, asked):
            attempts.append(attempt)
            if found is not None:
                return Completion(document, tuple(attempts), found, addresses=tuple(addresses))
    return Completion(document, tuple(attempts), addresses=tuple(addresses))


def _look(
    document: OfficialDocument, address: str, fetcher: Fetcher, catalogue: Catalogue, asked: set[str]
) -> Iterator[tuple[Attempt, Found | None]]:
    """The page at ``address``, then the files that it links: a wrong annex is often the first of them."""
    asked.add(address)
    try:
        read = fetch_list(fetcher, address)
    except UnreadableListError as error:
        yield Attempt(address, str(error)), None
        return
    yield _judge(document, address, read, catalogue)
    for file in [each for each in read.files if each not in asked][:_FILES_ASKED]:
        asked.add(file)
        try:
            linked = fetch_list(fetcher, file, attached=is_attachment(file))
        except UnreadableListError as error:
            yield Attempt(file, str(error)), None
            continue
        yield _judge(document, file, linked, catalogue)


def _judge(
    document: OfficialDocument, address: str, read: OfficialList, catalogue: Catalogue
) -> tuple[Attempt, Found | None]:
    choice = choose_annex(read.rows, document)
    if choice.problem:
        return Attempt(address, choice.problem), None
    if choice.annex.count <= document.items // _NO_LIST:
        return Attempt(address, "没有读到清单"), None
    problems = misreadings(choice.annex, document)
    if not problems:
        try:
            proposed = examine(read, choice.annex, document, catalogue)
        except ValueError as error:
            problems = [str(error)]
        else:
            return Attempt(address, ""), Found(read, choice.annex, proposed)
    return Attempt(address, "".join(problems), is_near=True), None


def examine(
    read: OfficialList, annex: Annex, document: OfficialDocument, catalogue: Catalogue
) -> tuple[Proposed, ...]:
    """What the list would change; nothing where it only names departments. Raises ValueError likewise."""
    if document.effect is Effect.DEPARTMENTS:
        return ()
    evidence = Evidence.UNVERIFIED if read.recognised else Evidence.PUBLISHED
    return propose(annex.items, catalogue, official=document, evidence=evidence)


def list_of(found: Found, document: OfficialDocument, today: date) -> ImportedList:
    """What was found, as it is kept when it is imported."""
    return ImportedList(
        document=document.number,
        region=document.region,
        source=found.source.name,
        imported_on=today,
        items=tuple(each.item for each in found.proposed),
        digest=found.source.digest,
    )


def advise(completion: Completion) -> str:
    """Why the document was not found and what to do, in one Chinese sentence."""
    document = completion.document
    region = f" --region {document.region}" if document.region else ""
    by_hand = f"qualwatch catalogue import 文件 --document {document.number}{region}"
    if not completion.addresses:
        return (
            f"没有已知的官方地址：请在发文机关网站按文号查找，再用 --address {document.number}=网址 重试，"
            f"或保存后运行 {by_hand}。"
        )
    near = [attempt for attempt in completion.attempts if attempt.is_near]
    said = near or list(completion.attempts)
    why = "；".join(dict.fromkeys(attempt.problem.rstrip("。") for attempt in said[:3]))
    address = (near or completion.attempts)[0].address
    return f"{why}：请用浏览器打开 {address}，保存后运行 {by_hand}。"
