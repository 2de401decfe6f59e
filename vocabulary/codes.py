"""The closed sets: every code that is judged, stored, counted or shown, once."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Standing of a certificate on a day; ``generic`` names no particular one."""

    CANCELLED = "cancelled"
    EXITED = "exited"
    ACCESS = "access"
    LEVEL = "level"
    LAWFUL_OTHER = "lawful_other"
    OFF_CATALOGUE = "off_catalogue"
    GENERIC = "generic"


class Evidence(StrEnum):
    """How well a row is known; a verdict resting on anything but ``published`` is for a person to confirm."""

    PUBLISHED = "published"
    UNVERIFIED = "unverified"
    DOUBTFUL = "doubtful"


class Usage(StrEnum):
    """What a text does with a certificate."""

    REQUIRED = "required"
    ALTERNATIVE = "alternative"
    PREFERRED = "preferred"
    PERMIT = "permit"
    OFFERED = "offered"
    RENTING = "renting"
    HELD = "held"
    NEGATED = "negated"
    INFORMATIVE = "informative"


class Severity(StrEnum):
    """How urgent a verdict is, lowest first; an alert is ``medium`` or above."""

    NONE = "none"
    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return tuple(Severity).index(self)

    @property
    def is_alert(self) -> bool:
        return self.rank >= Severity.MEDIUM.rank


class Violation(StrEnum):
    CANCELLED_HIRING_REQUIREMENT = "cancelled_hiring_requirement"
    CANCELLED_PERMIT_PRECONDITION = "cancelled_permit_precondition"
    CANCELLED_STILL_OFFERED = "cancelled_still_offered"
    LEVEL_TIED_TO_EMPLOYMENT = "level_tied_to_employment"
    OFF_CATALOGUE_REQUIREMENT = "off_catalogue_requirement"
    OFF_CATALOGUE_PERMIT = "off_catalogue_permit"
    OFF_CATALOGUE_OFFERED = "off_catalogue_offered"
    SELF_SET_QUALIFICATION = "self_set_qualification"
    RESTRICTED_NAME = "restricted_name"
    CERTIFICATE_RENTING = "certificate_renting"
    EXAM_TRAINING_NOT_SEPARATED = "exam_training_not_separated"


class DocumentKind(StrEnum):
    RECRUITMENT = "recruitment"
    PERMIT_GUIDE = "permit_guide"
    TENDER = "tender"
    EXAM_NOTICE = "exam_notice"
    TRAINING_AD = "training_ad"
    POLICY = "policy"
    NEWS = "news"
    RESUME = "resume"
    OTHER = "other"


class PublisherKind(StrEnum):
    PUBLIC_BODY = "public_body"
    COMPANY = "company"
    TRAINING_SCHOOL = "training_school"
    ASSOCIATION = "association"
    INDIVIDUAL = "individual"
    UNKNOWN = "unknown"


class DaySource(StrEnum):
    """Where the day of a document's publication is named, those that count most first."""

    LIST = "list"
    """The list, the record, or the page that links a file."""
    PRINTED = "printed"
    """The page itself, where readers see it."""
    LIST_WITHOUT_YEAR = "list_without_year"
    """The list, which names month and day only: the year is that which its order and today allow."""
    WRITTEN = "written"
    """The text: its signature, 成文日期."""
    ADDRESS = "address"
    META = "meta"


class FoundBy(StrEnum):
    """How the items of a list were found."""

    SELECTORS = "selectors"
    LINKS = "links"
    DATASTORE = "datastore"
    JSON = "json"
    FEED = "feed"
    SCRIPT = "script"
    SITEMAP = "sitemap"
    XML = "xml"
    NOTHING = "nothing"


class Step(StrEnum):
    """What can be done with a case."""

    CONFIRM = "confirm"
    DISMISS = "dismiss"
    ASK = "ask"
    RECTIFIED = "rectified"
    OVERDUE = "overdue"
    PUBLISH = "publish"
    CLOSE = "close"
    REOPEN = "reopen"


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


class PageKind(StrEnum):
    """What a visit asks for an address as."""

    LIST = "list"
    PAGE = "page"
    ATTACHMENT = "attachment"


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
    UNDATED = "undated"
    """Half of what it yields or more has no day of publication."""
    FILES = "files"
    """Every attachment of its last visits failed."""


class UnreadReason(StrEnum):
    """Why a document that is there was not read, or not wholly: what a person finds who opens it."""

    LOCKED = "locked"
    LETTERS = "letters"
    EMBEDDED = "embedded"
    PICTURES = "pictures"
    NO_WORDS = "no_words"
    SOME_PICTURES = "some_pictures"
    BOMB = "bomb"
    FORMAT = "format"
    ARCHIVE = "archive"
    NO_FILE = "no_file"
    DAMAGED = "damaged"
    OLD_WORD = "old_word"
    LARGE = "large"
    NO_TEXT = "no_text"
    PART = "part"


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
    MERGED = "merged"
    """Part of another case (并案); see ``cases.merging``."""


class Dismissal(StrEnum):
    """Why a case is none: what a dismissal teaches."""

    JOB_TITLE = "job_title"
    PREFERENCE = "preference"
    LAWFUL_HERE = "lawful_here"
    NOT_A_POSTING = "not_a_posting"
    WRONG_NAME = "wrong_name"
    WRONG_STATUS = "wrong_status"
    OTHER = "other"


class AnswerState(StrEnum):
    """What became of an addressee's answer."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    """It is done: the case is rectified (销号)."""
    REJECTED = "rejected"


class ReportState(StrEnum):
    """What came of a report of the public, as whoever has its receipt reads it."""

    RECEIVED = "received"
    NOTHING_FOUND = "nothing_found"
    OPEN = "open"
    """A case was opened, or is known."""
    DONE = "done"


class CaseOrder(StrEnum):
    """How a list of cases is sorted."""

    NEWEST = "newest"
    OLDEST = "oldest"
    SEVERITY = "severity"
    DEADLINE = "deadline"
    CHANGED = "changed"


class Due(StrEnum):
    """How a case stands to its deadline."""

    PASSED = "passed"
    SOON = "soon"
    """Within a week."""
    LATER = "later"
    NONE = "none"


class Waiting(StrEnum):
    """What a case waits for, beside its next step."""

    ACCEPTANCE = "acceptance"
    """Given to somebody who has not acknowledged it."""
    EXTENSION = "extension"
    """More time was asked for, and nobody has answered."""
    ANSWER = "answer"
    """Its addressee answered, and nobody has accepted or rejected that."""
    REBOUND = "rebound"
    """It came back, and nobody has decided anew."""


class OutboxState(StrEnum):
    WAITING = "waiting"
    LEASED = "leased"
    SENT = "sent"
    DEAD = "dead"


class EventKind(StrEnum):
    """What happened to a case; ``CaseEvent.kind`` holds it."""

    FOUND = "found"
    SEEN = "seen"
    NOTIFIED = "notified"
    REMINDED = "reminded"
    ESCALATED = "escalated"
    UNDECIDED = "undecided"
    """Reminded of, because nobody decided on it."""
    UNDELIVERED = "undelivered"
    """A mail about it was given up."""
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    RECTIFICATION_ASKED = "rectification_asked"
    RECTIFIED = "rectified"
    OVERDUE = "overdue"
    PUBLISHED = "published"
    CLOSED = "closed"
    REOPENED = "reopened"
    GONE = "gone"
    REPLACED = "replaced"
    REJUDGED = "rejudged"
    LETTER = "letter"
    """The draft of a rectification notice was written."""
    ASSIGNED = "assigned"
    """Given to somebody (转办)."""
    ACCEPTED = "accepted"
    """Whoever it was given to acknowledged it (签收)."""
    EXTENSION_ASKED = "extension_asked"
    EXTENDED = "extended"
    EXTENSION_REFUSED = "extension_refused"
    NOTED = "noted"
    """A note without a step."""
    HELD = "held"
    """Nothing of it may be removed, whoever asks."""
    RELEASED = "released"
    """The hold ended."""
    EXCEPTION_SET = "exception_set"
    """Its publisher and certificate raise no alarm for a while."""
    EXCEPTION_ENDED = "exception_ended"
    MADE_PUBLIC = "made_public"
    """Put up on the public page (曝光)."""
    WITHDRAWN = "withdrawn"
    """Taken down from it."""
    MERGED = "merged"
    """Made part of another case, or joined by one (并案)."""
    SPLIT = "split"
    """The same undone."""
    ANSWERED = "answered"
    """Its addressee said what was done about it (反馈)."""
    ANSWER_ACCEPTED = "answer_accepted"
    ANSWER_REJECTED = "answer_rejected"
    EXCEPTED = "excepted"
    """It would have raised an alarm, and an exception kept it from that."""


class KeptKind(StrEnum):
    """What takes room on the disk, in the order in which it is listed."""

    VISITS = "visits"
    FETCH_RECORDS = "fetch_records"
    SIGHTINGS = "sightings"
    DOCUMENTS = "documents"
    VERSIONS = "versions"
    CASES = "cases"
    MESSAGES = "messages"
    REJUDGEMENTS = "rejudgements"
    OTHER_ROWS = "other_rows"
    UNUSED = "unused"
    """Pages of the database that are free, and its write-ahead log."""
    EVIDENCE = "evidence"
    MAILS = "mails"
    OTHER_FILES = "other_files"
    ROOM = "room"
    """What may still be written before visits stop; no part of what is taken."""
