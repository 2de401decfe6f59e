"""The contract's JSON: one object per record that was judged."""

from __future__ import annotations

from typing import Any

from detection.model import Mention, OfficialDocument, ScanResult


def to_record(identity: Any, result: ScanResult, *, every_mention: bool) -> dict[str, Any]:
    """The object that ``qualwatch check`` writes for one record.

    Args:
        identity: the record's own ``id``, given back as it came; a file's path, an address.
        result: what detection says of its text.
        every_mention: whether ``mentions`` holds every mention, lawful ones too; else it stays empty.

    Returns:
        A dictionary that ``json.dumps`` takes as it is; offsets count characters of the record's text.
    """
    facts = result.facts
    document = _to_document(facts.document)
    document["forwards"] = [_to_document(forwarded) for forwarded in facts.forwards]
    mentions = [(mention, to_mention_record(mention)) for mention in result.mentions]
    return {
        "id": identity,
        "as_of": result.as_of.isoformat(),
        "document_kind": facts.document_kind.value,
        "publisher_kind": facts.publisher_kind.value,
        "document": document,
        "findings": [record for mention, record in mentions if mention.violation is not None],
        "mentions": [record for _, record in mentions] if every_mention else [],
    }


def to_mention_record(mention: Mention) -> dict[str, Any]:
    """One mention with its verdict; ``violation`` is null where no rule is broken."""
    return {
        "start": mention.start,
        "end": mention.end,
        "quote": mention.quote,
        "qualification": mention.qualification,
        "status": mention.status.value,
        "since": mention.since.isoformat() if mention.since else None,
        "status_document": mention.status_document,
        "usage": mention.usage.value,
        "violation": mention.violation.value if mention.violation else None,
        "severity": mention.severity.value,
        "cue": mention.cue,
        "legal_basis": list(mention.legal_basis),
        "explanation": mention.explanation,
        "advice": mention.advice,
        "needs_review": mention.needs_review,
        "foreign": mention.foreign,
    }


def _to_document(document: OfficialDocument) -> dict[str, Any]:
    return {
        "number": document.number,
        "issuer": document.issuer,
        "date": document.date.isoformat() if document.date else None,
    }
