"""The tables. Unique keys, not checks before writes, make every step repeatable.

Times are UTC. Texts from outside are stored as they came and escaped where they are shown.
"""

from storage.tables.accounts import Account, AccountSession, ApiToken, AuditEntry
from storage.tables.cases import Case, CaseEvent, CaseWords, Finding, LookBack, RoutingRule, SavedView
from storage.tables.catalogue import StoredList, StoredVerification
from storage.tables.columns import StoredText, UtcDateTime, storable
from storage.tables.desk import (
    AddresseeAnswer,
    AnswerFile,
    Publication,
    PublicReport,
    StandingException,
    TakenTurns,
)
from storage.tables.documents import (
    Document,
    DocumentVersion,
    JudgedDocument,
    Sighting,
    SketchBand,
    TextSketch,
)
from storage.tables.kept import EvidenceFile, KeptAmount
from storage.tables.letters import ChannelState, DigestItem, OutboxMessage
from storage.tables.people import StoredChat, StoredSupervisor
from storage.tables.pictures import PagePicture
from storage.tables.reports import (
    CatalogueNotice,
    IntakeMessage,
    IntakeReporter,
    RejudgedChange,
    Rejudgement,
)
from storage.tables.sources import StoredSource
from storage.tables.visits import (
    Backfill,
    FetchRecord,
    SlowPage,
    SourceState,
    SourceTrouble,
    Visit,
    VisitTotal,
)
from storage.tables.work import HostPace, Lease, TaskTrial

__all__ = [
    "Account",
    "AccountSession",
    "AddresseeAnswer",
    "AnswerFile",
    "ApiToken",
    "AuditEntry",
    "Backfill",
    "Case",
    "CaseEvent",
    "CaseWords",
    "CatalogueNotice",
    "ChannelState",
    "DigestItem",
    "Document",
    "DocumentVersion",
    "EvidenceFile",
    "FetchRecord",
    "Finding",
    "HostPace",
    "IntakeMessage",
    "IntakeReporter",
    "JudgedDocument",
    "KeptAmount",
    "Lease",
    "LookBack",
    "OutboxMessage",
    "PagePicture",
    "PublicReport",
    "Publication",
    "RejudgedChange",
    "Rejudgement",
    "RoutingRule",
    "SavedView",
    "Sighting",
    "SketchBand",
    "SlowPage",
    "SourceState",
    "SourceTrouble",
    "StandingException",
    "StoredChat",
    "StoredList",
    "StoredSource",
    "StoredSupervisor",
    "StoredText",
    "StoredVerification",
    "TakenTurns",
    "TaskTrial",
    "TextSketch",
    "UtcDateTime",
    "Visit",
    "VisitTotal",
    "storable",
]
