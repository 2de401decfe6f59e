"""Pictures of archived pages, for the file: taken of the archived bytes alone, without any network."""

from __future__ import annotations

import structlog
from sqlmodel import Session

from crawling.fetching.model import FetchError, FetchingStoppedError
from jobs.context import Context
from storage.database import for_reading
from storage.errors import EvidenceError
from storage.evidence import Resource
from storage.leases import LockedError
from storage.pictures import Taken, keep_picture, refuse_picture, waiting_pictures
from storage.proof import content_type, evidence_ref
from storage.tables import DocumentVersion

PICTURES_SECONDS = 5.0
AT_ONCE = 20
"""Pictures of one round; more wait for the next one."""
_LEASE = "pictures"

log = structlog.get_logger()


def take_pictures(context: Context) -> int:
    """Take the pictures that were asked for; how many. One program at a time; twice does what once does."""
    with Session(for_reading(context.engine)) as session:
        wanted = waiting_pictures(session, AT_ONCE)
    if not wanted:
        return 0
    taken = 0
    try:
        with context.locks.hold(_LEASE):
            for version_id in wanted:
                if context.stopping.is_set():
                    break
                taken += _take(context, version_id)
    except LockedError:
        log.info("pictures_left_to_another_program")
    return taken


def _take(context: Context, version_id: int) -> bool:
    with Session(for_reading(context.engine), expire_on_commit=False) as session:
        version = session.get(DocumentVersion, version_id)
    if version is None:
        return False
    try:
        taken = _picture(context, version)
    except FetchingStoppedError:
        return False
    except (FetchError, EvidenceError) as error:
        why = error.detail if isinstance(error, FetchError) else str(error)
        context.write(lambda session: refuse_picture(session, version_id, why))
        log.warning("picture_not_taken", version=version_id, why=why)
        return False
    now = context.now()
    return context.write(lambda session: keep_picture(session, version_id, taken, now), taken.ref)


def _picture(context: Context, version: DocumentVersion) -> Taken:
    record = context.evidence.read(evidence_ref(version))
    kind = content_type(version)
    picture = context.fetcher.picture(record.url, kind, record.body)
    made = Resource(f"urn:qualwatch:picture:{version.body_sha256}", "image/png", picture.png, context.now())
    ref = context.evidence.write_resource(made)
    size, browser = len(picture.png), picture.browser
    return Taken(ref, size, picture.width, picture.height, picture.is_cut, browser)
