"""Two readings of one text, as two kinds of document: the second lowers, and raises what obliges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from detection.model import Mention
from detection.usage_rules import load_usage
from vocabulary.codes import Severity, Usage

_DEMANDS = frozenset({Usage.REQUIRED, Usage.PERMIT})


def hear_both(
    first: Iterable[Mention], second: Iterable[Mention], *, explained: bool = False
) -> tuple[Mention, ...]:
    """The mentions of the second reading; where the two differ on an alert, a person has to look.

    Args:
        first: the mentions as the kind that the cues tell has them.
        second: the same text as another kind.
        explained: the second reading is that of a text which explains to readers and demands nothing.

    Returns:
        Mentions by their start. An alert that one reading alone raises is none: it stays ``low`` with its
        own sentence and ``needs_review``. Where its cue obliges by itself (须, 应当) the kind decides less:
        it stays what the first reading has it, and ``medium`` where only the second raises it. What else both
        raise goes no higher than the lower of the two, for review as well.
    """
    alerts = [mention for mention in first if mention.severity.is_alert]
    if explained:  # what is told there is no weaker demand; only words that oblige by themselves are heard
        alerts = [alert for alert in alerts if _obliges(alert)]
    heard = [_hear(mention, [alert for alert in alerts if _overlap(alert, mention)]) for mention in second]
    alone = [alert for alert in alerts if not any(_overlap(alert, mention) for mention in heard)]
    return tuple(sorted([*heard, *map(_contested, alone)], key=lambda mention: mention.start))


def _hear(mention: Mention, alerts: list[Mention]) -> Mention:
    if not mention.severity.is_alert:
        return _contested(alerts[0]) if alerts else mention
    if not alerts:
        return _capped(mention) if _obliges(mention) else _for_review(mention)
    highest = max(alerts, key=lambda alert: alert.severity.rank)
    if _obliges(highest):
        return highest
    least = min(highest.severity, mention.severity, key=lambda severity: severity.rank)
    return replace(mention, severity=least, needs_review=True)


def _contested(mention: Mention) -> Mention:
    """An alert of the first reading alone; where its words oblige by themselves, the kind decides nothing."""
    return mention if _obliges(mention) else _for_review(mention)


def _obliges(mention: Mention) -> bool:
    return mention.usage in _DEMANDS and load_usage().obliging.search(mention.cue) is not None


def _capped(mention: Mention) -> Mention:
    """What only the second reading demands: no more than ``medium``, and a person looks."""
    severity = min(mention.severity, Severity.MEDIUM, key=lambda severity: severity.rank)
    return replace(mention, severity=severity, needs_review=True)


def _for_review(mention: Mention) -> Mention:
    return replace(mention, severity=Severity.LOW, needs_review=True)


def _overlap(one: Mention, other: Mention) -> bool:
    return one.start < other.end and other.start < one.end
