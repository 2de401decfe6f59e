"""The project's own scorer counts as its definitions say."""

from __future__ import annotations

from typing import Any

from eval.scoring import score

TEXT = "须持有会计证，有健康证。欢迎社会工作者。"


def _mention(quote: str, status: str, usage: str, severity: str, **more: Any) -> dict[str, Any]:
    start = TEXT.index(quote)
    base = {"start": start, "end": start + len(quote), "quote": quote, "status": status, "usage": usage}
    return {**base, "severity": severity, **more}


ACCOUNTING = _mention("会计证", "cancelled", "required", "high", sure=True)
HEALTH = _mention("健康证", "lawful_other", "required", "none", sure=True)
SOCIAL = _mention("社会工作者", "level", "informative", "none", sure=False)


def _gold(*labels: dict[str, Any], publisher: str = "company") -> list[dict[str, Any]]:
    mentions = [{key: value for key, value in label.items() if key != "end"} for label in labels]
    return [
        {
            "id": 1,
            "text": TEXT,
            "document_kind": "recruitment",
            "publisher_kind": publisher,
            "mentions": mentions,
        }
    ]


def _answers(*mentions: dict[str, Any], **facts: str) -> dict[int, dict[str, Any]]:
    return {
        1: {"document_kind": "recruitment", "publisher_kind": "company", **facts, "mentions": list(mentions)}
    }


def test_a_perfect_answer_scores_one_everywhere() -> None:
    figures = score(_gold(ACCOUNTING, HEALTH), _answers(ACCOUNTING, HEALTH)).figures
    ratios = [value for value in figures.values() if isinstance(value, float)]
    assert ratios == [1.0] * len(ratios)
    assert figures["unanswered"] == figures["wrong_offsets"] == 0


def test_a_missed_mention_costs_recall_and_an_invented_one_precision() -> None:
    invented = {**HEALTH, "start": 0, "end": 2, "quote": "须持"}
    scored = score(_gold(ACCOUNTING, HEALTH), _answers(ACCOUNTING, invented))
    assert scored.figures["mention_recall"] == 0.5
    assert scored.figures["mention_precision"] == 0.5
    assert sorted(line.split()[0] for line in scored.disagreements) == ["invented", "missed"]


def test_an_unsure_label_counts_neither_way() -> None:
    with_it = score(_gold(ACCOUNTING, SOCIAL), _answers(ACCOUNTING, SOCIAL)).figures
    without = score(_gold(ACCOUNTING, SOCIAL), _answers(ACCOUNTING)).figures
    assert with_it == without
    assert with_it["mention_precision"] == with_it["mention_recall"] == 1.0


def test_overlapping_spans_match_however_they_are_cut() -> None:
    shifted = {**ACCOUNTING, "start": ACCOUNTING["start"] - 2, "quote": "持有会计证"}
    figures = score(_gold(ACCOUNTING), _answers(shifted)).figures
    assert figures["mention_recall"] == 1.0
    assert figures["wrong_offsets"] == 0


def test_a_false_alert_and_a_missed_alert_are_told() -> None:
    lawful = {**ACCOUNTING, "severity": "none"}
    alarmed = {**HEALTH, "severity": "medium"}
    scored = score(_gold(ACCOUNTING, HEALTH), _answers(lawful, alarmed))
    assert scored.figures["alert_precision"] == scored.figures["alert_recall"] == 0.0
    assert [line.split("  ")[0].strip() for line in scored.disagreements] == ["alert missed", "false alert"]


def test_an_alert_for_a_restricted_name_is_right_wherever_the_certificate_is_offered() -> None:
    offered = _mention("会计证", "off_catalogue", "offered", "low", sure=True)
    alarmed = {**offered, "severity": "high", "violation": "restricted_name"}
    assert score(_gold(offered), _answers(alarmed)).figures["alert_precision"] == 1.0
    held = {**offered, "usage": "held", "severity": "none"}
    assert score(_gold(held), _answers(alarmed)).figures["alert_precision"] == 0.0


def test_wrong_status_and_usage_cost_accuracy_only() -> None:
    wrong = {**ACCOUNTING, "status": "exited", "usage": "preferred"}
    figures = score(_gold(ACCOUNTING), _answers(wrong)).figures
    assert figures["status_accuracy"] == figures["usage_accuracy"] == 0.0
    assert figures["mention_recall"] == 1.0


def test_an_unanswered_document_is_counted() -> None:
    for answers in ({}, {1: {"id": 1, "error": "broken"}}):
        figures = score(_gold(ACCOUNTING), answers).figures
        assert figures["unanswered"] == 1
        assert figures["mention_recall"] == 0.0


def test_a_quote_that_is_not_at_its_offsets_is_counted() -> None:
    figures = score(_gold(ACCOUNTING), _answers({**ACCOUNTING, "quote": "会记证"})).figures
    assert figures["wrong_offsets"] == 1


def test_an_unknown_publisher_does_not_count() -> None:
    figures = score(_gold(ACCOUNTING, publisher="unknown"), _answers(ACCOUNTING)).figures
    assert figures["publisher_kind_accuracy"] == 0.0
    assert figures["document_kind_accuracy"] == 1.0
