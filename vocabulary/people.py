"""What people may do at the desk, and what the trail says of them."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What somebody may do at the desk."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    ADMINISTRATOR = "administrator"


class AuditKind(StrEnum):
    """What the trail says of people."""

    SIGNED_IN = "signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGNED_OUT = "signed_out"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    PASSWORD_SET = "password_set"  # noqa: S105 - no password
    SECOND_FACTOR_ON = "second_factor_on"
    SECOND_FACTOR_OFF = "second_factor_off"
    ACCOUNT_ADDED = "account_added"
    ACCOUNT_CHANGED = "account_changed"
    ACCOUNT_RESET = "account_reset"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_ENABLED = "account_enabled"
    LEAVE_SET = "leave_set"
    TOKEN_MADE = "token_made"  # noqa: S105
    TOKEN_WITHDRAWN = "token_withdrawn"  # noqa: S105
    DECIDED = "decided"
    """A step of a case, or what is done beside its steps."""
    READ = "read"
    """Something was shown that may hold personal data: a page as archived, its whole text, evidence."""
    EXPORTED = "exported"
    CATALOGUE_DECIDED = "catalogue_decided"
    """A change of the catalogue was imported or refused, or rows were compared with their source."""
    SOURCE_ADDED = "source_added"
    SOURCE_CHANGED = "source_changed"
    SOURCE_REMOVED = "source_removed"
    SUPERVISOR_ADDED = "supervisor_added"
    SUPERVISOR_CHANGED = "supervisor_changed"
    SUPERVISOR_REMOVED = "supervisor_removed"
    CHAT_ADDED = "chat_added"
    CHAT_CHANGED = "chat_changed"
    CHAT_REMOVED = "chat_removed"
    TRIED = "tried"
    """A message was sent to somebody, to see whether it arrives."""
