"""What a document is: its kind, its publisher's kind, its number, issuer and date, what it forwards.

A new cue is a row of ``kinds.toml``, ``publishers.toml`` or ``officials.toml``; no code needs to change.
"""

from detection.documents.facts import read_facts, read_facts_again

__all__ = ["read_facts", "read_facts_again"]
