"""What detection found, told: as the contract's JSON, to people, and to code-review tools (SARIF)."""

from detection.report.record import to_mention_record, to_record

__all__ = ["to_mention_record", "to_record"]
