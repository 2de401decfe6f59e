"""Judging the items of a batch, in whatever process; plain arguments and results."""

from __future__ import annotations

import json
from dataclasses import replace

from alerts.reports.texts import masked, on_one_line
from cli.archive.columns import to_document
from cli.archive.model import Found, Item, Judged, Line, Page, Unread, Whole
from cli.checking.files import assess_answer, read_file
from cli.checking.judging import judge_record
from cli.checking.model import Document, Failure, Judgement, Rules
from cli.checking.records import MAX_LINE
from detection.model import Mention
from vocabulary.page_errors import PageError
from vocabulary.presentation import passage

_TITLE_LIMIT = 200
_UNREAD_OF_PAGE = 200


def judge_items(items: tuple[Item, ...], rules: Rules) -> Judged:
    """What each item comes to; one that fails does so alone."""
    judged = Judged()
    for item in items:
        outcome = judge_item(item, rules)
        judged.tally.count(outcome)
        if isinstance(outcome, Failure):
            if not outcome.skipped:
                judged.unread.append(Unread(on_one_line(outcome.name, _UNREAD_OF_PAGE), outcome.why))
            continue
        if outcome.document.unread:
            document = outcome.document
            judged.unread.append(Unread(on_one_line(document.name, _UNREAD_OF_PAGE), document.why_unread))
        judged.found += [_found(outcome, mention) for mention in outcome.result.findings]
    return judged


def judge_item(item: Item, rules: Rules) -> Judgement | Failure:
    """The verdicts on an item, or why it could not be read."""
    match item:
        case Line():
            return _judge_line(item, rules)
        case Page():
            return _judge_page(item, rules)
        case Whole():
            return read_file(item.path, rules, in_folder=item.in_folder)
        case _:
            return judge_record(item, rules)


def name_of_item(item: Item) -> str:
    """How people find the item."""
    match item:
        case Line():
            return f"{item.file}:{item.number}"
        case Page():
            return item.url
        case Whole():
            return item.path
        case _:
            return item.name


def _judge_line(item: Line, rules: Rules) -> Judgement | Failure:
    name = name_of_item(item)
    if item.line is None:
        return Failure(name, name, f"longer than {MAX_LINE // 2**20} MB")
    try:
        fields = json.loads(item.line.decode("utf-8-sig"))
    except RecursionError:
        return Failure(name, name, "nested too deeply")
    except ValueError as error:
        return Failure(name, name, f"not JSON in UTF-8: {error}")
    if not isinstance(fields, dict):
        return Failure(name, name, "not a JSON object")
    document = to_document(fields.items(), name)
    if document is None:
        return Failure(name, name, "no text, or a text that is no string")
    return judge_record(document, rules)


def _judge_page(item: Page, rules: Rules) -> Judgement | Failure:
    """Judged as on the day of its capture: what was lawful then is not told now."""
    met = replace(rules, today=item.day) if item.day is not None else rules
    try:
        judgement = assess_answer(item.body, item.media_type, item.charset, item.url, met)
    except PageError as error:
        return Failure(item.url, item.url, str(error.__cause__ or error))
    except Exception as error:  # noqa: BLE001 - a text that breaks a rule must not take the others with it
        return Failure(item.url, item.url, f"not judged: {type(error).__name__}: {error}")
    return judgement


def _found(judgement: Judgement, mention: Mention) -> Found:
    document: Document = judgement.document
    around = passage(document.text, mention.start, mention.end)
    day = document.published_on
    return Found(
        identity=on_one_line(str(document.identity), _TITLE_LIMIT),
        title=on_one_line(document.title, _TITLE_LIMIT),
        publisher=on_one_line(document.publisher, _TITLE_LIMIT),
        url=document.url,
        day=day.isoformat() if day else "",
        as_of=judgement.result.as_of.isoformat(),
        severity=mention.severity.value,
        violation=mention.violation.value if mention.violation else "",
        qualification=mention.qualification,
        status=mention.status.value,
        passage=masked(around.text),
        legal_basis="、".join(mention.legal_basis),
        explanation=mention.explanation,
        advice=mention.advice,
        needs_review=mention.needs_review,
    )
