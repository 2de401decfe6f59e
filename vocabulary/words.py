"""The closed sets that tables store: each word is counted and shown somewhere."""

from enum import StrEnum


class Outcome(StrEnum):
    """How a visit or a fetch ended: a closed set, each counted and shown."""

    OK = "ok"
    UNCHANGED = "unchanged"
    EMPTY = "empty"
    FEWER_THAN_EXPECTED = "fewer_than_expected"
    BLOCKED = "blocked"
    MOVED = "moved"
    GONE = "gone"
    FORBIDDEN_BY_ROBOTS = "forbidden_by_robots"
    TIMEOUT = "timeout"
    TLS = "tls"
    TOO_LARGE = "too_large"
    UNDECODABLE = "undecodable"
    UNREADABLE_ATTACHMENT = "unreadable_attachment"
    REFUSED_ADDRESS = "refused_address"
    ERROR = "error"


class VisitPurpose(StrEnum):
    """Why a source was visited. Only ``watch`` teaches what is usual and decides when the next one is due."""

    WATCH = "watch"
    BACKFILL = "backfill"
    LOOK_BACK = "look_back"
    INTAKE = "intake"
    """Messages of the public, with what they link."""


class TroubleKind(StrEnum):
    """What the operator is told of a source, once when it begins and once when it ends."""

    FAILING = "failing"
    """Visits in a row that failed."""
    FEWER = "fewer"
    """Visits in a row that met far fewer items than usual."""
    SILENT = "silent"
    """The list answers, and nothing new has come for far longer than usual."""


class CaseState(StrEnum):
    FOUND = "found"
    NOTIFIED = "notified"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    RECTIFICATION_ASKED = "rectification_asked"
    RECTIFIED = "rectified"
    OVERDUE = "overdue"
    PUBLISHED = "published"
    CLOSED = "closed"


class OutboxState(StrEnum):
    WAITING = "waiting"
    LEASED = "leased"
    SENT = "sent"
    DEAD = "dead"
