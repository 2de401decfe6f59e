"""One document of a visit: fetched, read and judged in a worker, and stored with all that hangs on it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from assessment.archives import ArchiveReading
from assessment.reading import Answer, Assessment, Known, ReadingError
from assessment.recognising import read_in_workers
from crawling.fetching.model import Access, Fetched
from crawling.listing.addresses import is_attachment
from crawling.listing.model import Item
from extraction.recognition import how_to_recognise
from jobs.context import PageDone
from jobs.visits.answers import file_name, refuse_elsewhere, refuse_excuse
from jobs.visits.held_back import HeldBack, is_another
from jobs.visits.lately import Lately
from jobs.visits.run import VisitRun
from jobs.visits.slow import SlowPages
from jobs.visits.storing import (
    Origin,
    ask_conditionally,
    conditions_after,
    pass_over,
    read_before,
    recall,
    store_archive,
    store_page,
    to_ask_with,
    write_evidence,
)
from storage.documents import Remembered
from vocabulary.addresses import MEMBER, recordable_url
from vocabulary.codes import DaySource, Outcome, PageKind, PublisherKind

ATTACHMENTS_PER_PAGE = 40


class DocumentReader:
    """Reads the documents of one visit; its methods may be called from several threads.

    ``holds_back``: items come from a list that is read now, so that a page that shows nothing of the title
    which its list gives may be a refusal. A page that is looked back on may have been replaced, and is read.
    """

    def __init__(self, run: VisitRun, *, holds_back: bool = False) -> None:
        self._held = HeldBack() if holds_back else None
        self._run = run
        self._context = run.context
        self._source = run.source
        self._slow = SlowPages(run.context, run.source.name)
        # What is judged by lists that have just changed says so by their digest, and is judged again.
        self._imported = Lately(run.context.imported)
        self._asked = set(run.asked_before)
        """Addresses, as they are recorded."""
        self._titles: set[str] = set()
        self._remembered: dict[str, Remembered] = {}
        self._recalled: set[str] = set()
        """Addresses that were looked up and not asked for yet."""
        self._asking = threading.Lock()

    def read_item(self, item: Item) -> list[PageDone]:
        """The page behind a list's item and its attachments, each recorded and noted with its outcome.

        Raises :class:`FetchingStoppedError` where the daemon is ending; everything else becomes an outcome.
        """
        with self._asking:
            self._titles.add(item.title)
        known = Known(
            item.url,
            title=item.title,
            published_on=item.published_on,
            day_from=item.day_from,
            publisher_kind=PublisherKind(self._source.publisher_kind)
            if self._source.publisher_kind
            else None,
            region=self._source.region,
            is_attachment=is_attachment(item.url),
        )
        return self._read(known, parent_url="")

    def read_held(self) -> list[PageDone]:
        """What was held back until all items were read: pages that show nothing of the title of their item.

        One text in place of several items is no item; any other is read like all pages.
        """
        done: list[PageDone] = []
        for page, others in self._held.released() if self._held is not None else ():
            asked = PageDone(page.known.url, PageKind.PAGE, Outcome.BLOCKED, title=page.known.title)
            # A server that answers with another notice of the list mistakes itself, and refuses nothing.
            is_notice = is_another(page, self._titles)
            if others and not is_notice:
                detail = f"{others + 1} items of the list are answered with one and the same text: a refusal"
                done.append(self._run.record(replace(asked, detail=detail), page.fetched.status))
                continue
            try:
                if not is_notice:
                    refuse_excuse(page.known, page.reading)
                done += self._store(page.known, page.fetched, page.reading, "", is_known=True)
            except Exception as error:  # noqa: BLE001 - one page fails alone
                done.append(self._run.fail(asked, error, page.fetched))
        return done

    def _is_first_to_ask(self, url: str) -> bool:
        """Whether this visit did not ask for ``url`` yet: pages of one site often link the same files."""
        recorded = recordable_url(url)
        with self._asking:
            known = recorded in self._asked
            self._asked.add(recorded)
        return not known

    def _read(self, known: Known, parent_url: str) -> list[PageDone]:
        known = replace(known, url=known.url.partition(MEMBER)[0])
        if not self._is_first_to_ask(known.url) or self._run.leaves():
            return []
        kind = PageKind.ATTACHMENT if known.is_attachment else PageKind.PAGE
        fetched: Fetched | None = None
        try:
            self._context.room.require()
            self._slow.refuse_to_ask(known.url)
            before = self._recall(known.url)
            with self._run.hands.taking() as weigh:
                fetched = self._fetch(known, kind, before)
                weigh(len(fetched.body))
                done = self._read_fetched(known, fetched, parent_url, before)
            self._slow.note(known.url, None, fetched)
        except Exception as error:  # noqa: BLE001 - one page fails alone
            self._slow.note(known.url, error, fetched)
            asked = PageDone(known.url, kind, Outcome.OK, title=known.title)
            if isinstance(error, ReadingError) and _is_no_document(known, error):
                return [self._run.record(replace(asked, detail=error.detail, bytes_read=_size(fetched)))]
            return [self._run.fail(asked, error, fetched)]
        return done

    def recall(self, items: Sequence[Item]) -> Sequence[Item]:
        """Look up what is remembered of the pages of a list, all at once; those that are new come first.

        So a list that takes longer than a visit may is read to its end by the next visits all the same.
        """
        known = recall(self._context, [item.url for item in items])
        with self._asking:
            self._remembered |= known
            self._recalled.update(item.url for item in items)
        return sorted(items, key=lambda item: item.url in known)

    def _recall(self, url: str) -> Remembered | None:
        with self._asking:
            if url in self._recalled:
                self._recalled.discard(url)
                return self._remembered.pop(url, None)
        return recall(self._context, [url]).get(url)

    def _fetch(self, known: Known, kind: PageKind, before: Remembered | None) -> Fetched:
        conditions = to_ask_with(before)
        with self._run.asking:
            return self._context.fetcher.fetch(
                known.url,
                kind=kind,
                etag=conditions.etag,
                last_modified=conditions.last_modified,
                access=Access.to(self._source),
                patience=self._run.patience,
                title=known.title,
                known_sha256=read_before(before),
            )

    def _read_fetched(
        self, known: Known, fetched: Fetched, parent_url: str, before: Remembered | None
    ) -> list[PageDone]:
        if fetched.unchanged:
            return self._pass_over(known, status=304, bytes_read=0)
        refuse_elsewhere(fetched, "" if parent_url else str(self._source.url))
        if sha256(fetched.body).hexdigest() == read_before(before):
            return self._pass_over(known, status=fetched.status, bytes_read=len(fetched.body))
        return self._read_answer(known, fetched, parent_url, is_known=before is not None)

    def _read_answer(
        self, known: Known, fetched: Fetched, parent_url: str, *, is_known: bool
    ) -> list[PageDone]:
        self._slow.refuse_to_read(known.url, fetched)
        answer = Answer(fetched.body, fetched.media_type, fetched.charset, file_name(fetched))
        context = self._context
        reading = read_in_workers(
            context.workers,
            context.recogniser,
            answer,
            known,
            context.today(),
            imported=self._imported(),
        )
        if isinstance(reading, ArchiveReading):
            origin = self._origin(fetched, reading.contents, parent_url, is_known=is_known)
            return store_archive(self._run, known, reading, origin)
        if self._held is not None and not reading.bears_title and not parent_url:
            if self._held.holds(known, fetched, reading):
                return []
            refuse_excuse(known, reading)
        return self._store(known, fetched, reading, parent_url, is_known=is_known)

    def _origin(self, fetched: Fetched, reading: Assessment, parent_url: str, *, is_known: bool) -> Origin:
        return Origin(
            write_evidence(self._context, fetched, reading.text, is_known=is_known),
            parent_url,
            fetched.status,
            len(fetched.body),
            conditions_after(fetched, reading),
        )

    def _store(
        self, known: Known, fetched: Fetched, reading: Assessment, parent_url: str, *, is_known: bool
    ) -> list[PageDone]:
        """The page stored, with the frames and files that hang on it; ``is_known``: it was met before."""
        context = self._context
        origin = self._origin(fetched, reading, parent_url, is_known=is_known)
        attachments = (*self._framed(known, reading), *self._attached(known, reading))
        if reading.pictures and context.recogniser is None and self._source.attachments:
            why = f"the page shows {len(reading.pictures)} pictures in place of text: {how_to_recognise()}"
            reading = replace(reading, unread=why)
        # What is left aside today may be read tomorrow: by another setting, or with OCR.
        is_all = not (reading.attachments or reading.pictures or reading.frames)
        page, stored = store_page(self._run, known, reading, origin, is_complete=is_all)
        if not attachments:
            return [page]
        below = self._read_attachments(known, attachments)
        if not any(attachment.failed for attachment in below):
            ask_conditionally(context, stored, origin.conditions, [each.url for each in attachments])
        return [page, *below]

    def _framed(self, known: Known, reading: Assessment) -> tuple[Known, ...]:
        """The frames in which parts of a page stand; those of a frame are no parts of the page any more."""
        if known.is_frame:
            return ()
        day = reading.published_on
        part = replace(
            known, title=reading.title, publisher=reading.publisher, published_on=day, is_frame=True
        )
        return tuple(replace(part, url=frame) for frame in reading.frames)

    def _attached(self, known: Known, reading: Assessment) -> tuple[Known, ...]:
        """The files that a page links, then the pictures that it shows in place of text."""
        if not self._source.attachments:
            return ()
        below = replace(
            known,
            publisher=reading.publisher,
            published_on=reading.published_on,
            day_from=DaySource.LIST,
            is_attachment=True,
            parent_title=reading.title,
        )
        files = [
            replace(below, url=each.url, title=each.text, is_guess=each.is_guess)
            for each in reading.attachments
        ]
        if self._context.recogniser is not None:
            files += (
                replace(below, url=link.url, title=link.text or f"公告图片{number}", is_picture=True)
                for number, link in enumerate(reading.pictures, 1)
            )
        return tuple(files)

    def _read_attachments(self, known: Known, attachments: tuple[Known, ...]) -> list[PageDone]:
        done: list[PageDone] = []
        for attachment in attachments[:ATTACHMENTS_PER_PAGE]:
            done += self._read(attachment, parent_url=known.url)
        for attachment in attachments[ATTACHMENTS_PER_PAGE:]:
            detail = f"not asked for: the page links more than {ATTACHMENTS_PER_PAGE} files"
            skipped = PageDone(
                attachment.url, PageKind.ATTACHMENT, Outcome.TOO_LARGE, detail, title=attachment.title
            )
            done.append(self._run.record(skipped))
        return done

    def _pass_over(self, known: Known, *, status: int, bytes_read: int) -> list[PageDone]:
        """Nothing changed; attachments that are known are asked for all the same."""
        done, below = pass_over(self._run, known, status=status, bytes_read=bytes_read)
        if self._source.attachments:
            for attachment in below.files:
                done += self._read(attachment, parent_url=known.url)
        return done


def _size(fetched: Fetched | None) -> int:
    return len(fetched.body) if fetched else 0


def _is_no_document(known: Known, error: ReadingError) -> bool:
    """A photograph beside a line of text is no failure, nor a page where a file was only supposed."""
    return known.is_guess or (known.is_picture and error.outcome is Outcome.EMPTY)
