"""What is written into the trail where somebody reads what may hold personal data, or takes it away."""

from __future__ import annotations

from starlette.requests import Request

from console.desk import Desk
from console.viewer import Viewer, origin_of
from storage.audit import record
from storage.database import one_transaction
from vocabulary.people import AuditKind


def note_reading(
    desk: Desk,
    viewer: Viewer,
    request: Request,
    detail: str,
    *,
    case_id: int | None = None,
    kind: AuditKind = AuditKind.READ,
) -> None:
    """Write it before it is shown: what cannot be written down is not shown."""
    note_reading_of(desk, viewer.email, request, detail, case_id=case_id, kind=kind)


@one_transaction
def note_reading_of(
    desk: Desk,
    email: str,
    request: Request,
    detail: str,
    *,
    case_id: int | None = None,
    kind: AuditKind = AuditKind.READ,
) -> None:
    """The same for whoever stands behind that address."""
    with desk.context.transaction() as session:
        record(
            session,
            kind,
            actor=email,
            at=desk.context.now(),
            case_id=case_id,
            detail=detail,
            origin=origin_of(request),
        )
