"""What a visit keeps of what it read: evidence, version, findings and cases, all or nothing.

However a document came (a page, a file, a member of an archive, a part of a message), it is stored here.
Every function is one transaction, or a look that changes nothing; none of them asks for an address.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from typing import NamedTuple

from sqlmodel import Session

from alerts.notifications.alert import notify_of_all
from assessment.archives import ArchiveReading, Member
from assessment.reading import Assessment, Known
from cases.opening import open_all_cases
from cases.scanned import Scan
from crawling.fetching.model import Fetched
from jobs.context import Context, PageDone
from jobs.visits.run import VisitRun
from settings.model import Settings
from storage.database import for_reading
from storage.documents import (
    ConditionalHeaders,
    Hanging,
    KeptVersion,
    PageRecord,
    Remembered,
    evidence_of_text,
    forget_conditions_of_parents,
    remember_conditions,
    remembered,
    what_hangs_on,
)
from storage.evidence import EvidenceRef, Exchange
from storage.keeping import Met, MetAgain, keep_all_unchanged, keep_versions
from storage.tables import storable
from storage.visits import Asked, record_fetches
from vocabulary.addresses import MEMBER
from vocabulary.codes import Outcome, PageKind

NO_CONDITIONS = ConditionalHeaders()
_READ_WHOLE = "qualwatch:"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the bytes of a document came from."""

    evidence: EvidenceRef
    parent_url: str = ""
    """The page, archive or message that holds it; stored before it."""
    status: int | None = None
    """What the server answered; None where no server was asked."""
    bytes_read: int = 0
    conditions: ConditionalHeaders = NO_CONDITIONS
    """What to ask the server with next time, once everything that hangs on the document is read too."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """What was written of a document that was read."""

    document_id: int
    is_new: bool
    is_changed: bool
    findings: int


@dataclass(frozen=True, slots=True)
class Below:
    """What is known to hang on a document: files that it links, and members of it, if it is an archive."""

    files: tuple[Known, ...]
    members: tuple[Known, ...]


def store_document(
    run: VisitRun, known: Known, reading: Assessment, origin: Origin, *, is_complete: bool
) -> StoredDocument:
    """Version, findings, cases, letters, and the record that the address was asked for.

    A page is asked conditionally next time only once its attachments are read too (``is_complete``): else a
    crash between the two would leave them unread for as long as the page does not change.
    """
    context, conditions = run.context, origin.conditions if is_complete else NO_CONDITIONS
    order = _Order(
        Met(_page_record(run, known, reading, origin, conditions), run.visit_id, context.now()),
        known.url,
        _kind(known),
        reading,
        origin,
        is_complete,
        context.told(),
    )
    return context.write_beside(_store_all, order, origin.evidence)


class _Order(NamedTuple):
    """A document that was read and is to be stored."""

    met: Met
    url: str
    """What was asked for."""
    kind: PageKind
    reading: Assessment
    origin: Origin
    is_complete: bool
    settings: Settings


def _store_all(session: Session, orders: Sequence[_Order]) -> list[StoredDocument]:
    kept = keep_versions(session, [order.met for order in orders])
    complete = [
        each.document_id
        for order, each in zip(orders, kept, strict=True)
        if order.is_complete and not each.new_document
    ]
    forget_conditions_of_parents(session, complete)
    stored = _store_findings(session, orders, kept)
    record_fetches(session, [_asked(*each) for each in zip(orders, kept, stored, strict=True)])
    return stored


def _store_findings(
    session: Session, orders: Sequence[_Order], kept: Sequence[KeptVersion]
) -> list[StoredDocument]:
    """Findings and cases of each, and what those responsible are to be told of all of them."""
    scans = [
        Scan(each, order.reading.result, order.met.now) for order, each in zip(orders, kept, strict=True)
    ]
    shown = [place for place, scan in enumerate(scans) if scan.result.findings]
    opened = open_all_cases(session, [scans[place] for place in shown])
    news = [(each.news, scans[place].now) for place, each in zip(shown, opened, strict=True)]
    notify_of_all(session, news, orders[0].settings)
    findings = [0] * len(orders)
    for place, each in zip(shown, opened, strict=True):
        findings[place] = each.findings
    return [
        StoredDocument(each.document_id, each.new_document, each.changed, count)
        for each, count in zip(kept, findings, strict=True)
    ]


def _asked(order: _Order, kept: KeptVersion, stored: StoredDocument) -> Asked:
    return Asked(
        order.met.visit_id,
        order.url,
        Outcome.UNCHANGED if kept.unchanged else Outcome.OK,
        order.met.now,
        order.origin.status,
        order.origin.bytes_read,
        order.reading.unread,
        order.kind,
        stored.is_new,
        stored.is_changed,
        stored.findings,
    )


def store_page(
    run: VisitRun, known: Known, reading: Assessment, origin: Origin, *, is_complete: bool
) -> tuple[PageDone, StoredDocument]:
    """:func:`store_document`, noted."""
    stored = store_document(run, known, reading, origin, is_complete=is_complete)
    quotes = [alert.quote for alert in reading.result.findings if alert.severity.is_alert]
    page = PageDone(
        known.url,
        _kind(known),
        Outcome.OK if stored.is_new or stored.is_changed else Outcome.UNCHANGED,
        title=reading.title,
        bytes_read=origin.bytes_read,
        is_new=stored.is_new,
        is_changed=stored.is_changed,
        findings=stored.findings,
        alerts=tuple(dict.fromkeys(quotes)) if stored.findings else (),
        detection_seconds=reading.detection_seconds,
    )
    return run.note(page), stored


def store_archive(run: VisitRun, known: Known, reading: ArchiveReading, origin: Origin) -> list[PageDone]:
    """The archive by its table of contents, then each member with the archive as its evidence."""
    page, stored = store_page(run, known, reading.contents, origin, is_complete=False)
    inside = Origin(origin.evidence, parent_url=known.url, status=origin.status)
    below = [_store_member(run, member, inside) for member in reading.members]
    if not any(member.failed for member in below):
        ask_conditionally(run.context, stored, origin.conditions, [each.url for each in below])
    return [page, *below]


def _store_member(run: VisitRun, member: Member, origin: Origin) -> PageDone:
    known = member.known
    if member.reading is None:
        failure = PageDone(known.url, _kind(known), member.outcome, member.detail, title=known.title)
        return run.record(failure, origin.status)
    return store_page(run, known, member.reading, origin, is_complete=False)[0]


def _kind(known: Known) -> PageKind:
    return PageKind.ATTACHMENT if known.is_attachment else PageKind.PAGE


def _page_record(
    run: VisitRun, known: Known, reading: Assessment, origin: Origin, conditions: ConditionalHeaders
) -> PageRecord:
    facts = reading.result.facts
    return PageRecord(
        url=known.url,
        source=run.source.name,
        text=reading.text,
        media_type=reading.media_type,
        document_kind=facts.document_kind.value,
        publisher_kind=facts.publisher_kind.value,
        evidence=origin.evidence,
        parent_url=origin.parent_url,
        title=reading.title,
        publisher=reading.publisher,
        region=run.source.region,
        published_on=reading.published_on,
        charset=reading.charset,
        facts=reading.facts,
        judged_by=reading.catalogue,
        etag=conditions.etag,
        last_modified=conditions.last_modified,
    )


def recall(context: Context, urls: Iterable[str]) -> dict[str, Remembered]:
    """What is remembered of those of ``urls`` that are known."""
    with Session(for_reading(context.engine)) as session:
        return remembered(session, urls)


def conditions_after(fetched: Fetched, reading: Assessment) -> ConditionalHeaders:
    """What to ask with next time, or the mark that these bytes were read to their end by this program."""
    conditions = ConditionalHeaders(fetched.etag, fetched.last_modified)
    if any(conditions) or reading.unread or reading.needs_recognition:
        return conditions
    return ConditionalHeaders(etag=read_whole())


@cache
def read_whole() -> str:
    """Stands in place of an ETag where the server gives none; another release may read more."""
    return f"{_READ_WHOLE}{version('qualwatch')}"


def to_ask_with(known: Remembered | None) -> ConditionalHeaders:
    """What the server understands of what is remembered."""
    if known is None or known.conditions.etag.startswith(_READ_WHOLE):
        return NO_CONDITIONS
    return known.conditions


def read_before(known: Remembered | None) -> str:
    """Digest of the bytes that were read with all that hangs on them: again they would give the same.

    Empty where there are none.
    """
    if known is None or not any(known.conditions):
        return ""
    etag = known.conditions.etag
    return "" if etag.startswith(_READ_WHOLE) and etag != read_whole() else known.body_sha256


def write_evidence(context: Context, fetched: Fetched, text: str, *, is_known: bool) -> EvidenceRef:
    """The record of this exchange; for a text that is kept already, the record that it was kept with.

    It is on the disk before anything that refers to it is committed. ``is_known``: the document was met
    before, so that its text may be kept.
    """
    kept = _evidence_of_text(context, fetched.url, text) if is_known else None
    if kept is not None:
        return kept
    return context.evidence.append(
        Exchange(
            url=fetched.final_url,
            method="GET",
            request_headers=fetched.request_headers,
            status=fetched.status,
            reason=fetched.reason,
            response_headers=fetched.headers,
            body=fetched.sent if fetched.drawn_by else fetched.body,
            started_at=fetched.started_at,
            drawn=fetched.body if fetched.drawn_by else None,
            drawn_by=fetched.drawn_by,
            certificate_verified=fetched.certificate_verified,
        )
    )


def _evidence_of_text(context: Context, url: str, text: str) -> EvidenceRef | None:
    digest = sha256(storable(text).encode("utf-8")).hexdigest()
    with Session(for_reading(context.engine)) as session:
        return evidence_of_text(session, url, digest)


def pass_over(run: VisitRun, known: Known, *, status: int, bytes_read: int) -> tuple[list[PageDone], Below]:
    """Note that nothing changed, as the server or the bytes say; members of an archive are like it.

    Gives the pages that were noted, and what is known to hang on the document.
    """
    asked = Asked(
        run.visit_id,
        known.url,
        Outcome.UNCHANGED,
        run.context.now(),
        status,
        bytes_read,
        kind=_kind(known),
    )
    below = _below(known, run.context.write_beside(_note_unchanged, asked))
    done = [PageDone(known.url, _kind(known), Outcome.UNCHANGED, title=known.title, bytes_read=bytes_read)]
    done += (
        PageDone(member.url, PageKind.ATTACHMENT, Outcome.UNCHANGED, title=member.title)
        for member in below.members
    )
    return [run.note(page) for page in done], below


def _note_unchanged(session: Session, asked: Sequence[Asked]) -> Sequence[Sequence[Hanging]]:
    """Write that nothing changed of what was asked for; what hangs on each."""
    kept = keep_all_unchanged(session, [MetAgain(each.url, each.visit_id, each.now) for each in asked])
    hanging = what_hangs_on(session, [each.document_id for each in kept if each is not None])
    below = [hanging[each.document_id] if each is not None else [] for each in kept]
    members = [
        Asked(each.visit_id, member.url, Outcome.UNCHANGED, each.now, 304, kind=PageKind.ATTACHMENT)
        for each, hangs in zip(asked, below, strict=True)
        for member in hangs
        if MEMBER in member.url
    ]
    if members:
        keep_all_unchanged(session, [MetAgain(each.url, each.visit_id, each.now) for each in members])
    record_fetches(session, [*asked, *members])
    return below


def ask_conditionally(
    context: Context, stored: StoredDocument, conditions: ConditionalHeaders, linked: Iterable[str]
) -> None:
    """Ask conditionally from now on: all that the document links, ``linked``, was read."""
    if any(conditions):
        linked = tuple(linked)
        context.write(lambda session: remember_conditions(session, stored.document_id, conditions, linked))


def _below(known: Known, children: Iterable[Hanging]) -> Below:
    files: list[Known] = []
    members: list[Known] = []
    for child in children:
        below = replace(
            known,
            url=child.url,
            title=child.title,
            publisher=child.publisher,
            published_on=child.published_on,
            is_attachment=True,
        )
        (members if MEMBER in child.url else files).append(below)
    return Below(tuple(files), tuple(members))
