"""Judging batches, in this process or in several, the answers in the order of the questions."""

from __future__ import annotations

import json
import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

from assessment.judging import Known, judge, judge_all
from cli.checking.files import read_file
from cli.checking.model import Batch, Document, Failure, Judgement, Lines, Paths, Processed, Rules
from cli.checking.records import read_record
from detection.record import to_record

AHEAD = 4
"""Batches in hand per process: enough to keep it busy, few enough to keep memory flat."""

_LINE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def judge_record(document: Document | Failure, rules: Rules) -> Judgement | Failure:
    """The verdicts on a record; what could not be read stays what it is."""
    if isinstance(document, Failure):
        return document
    try:
        known = _known(document, rules)
        judged = judge(document.text, known, rules.today, as_of=rules.as_of, imported=rules.imported)
    except Exception as error:  # noqa: BLE001 - a text that breaks a rule must not take the others with it
        return Failure(document.identity, document.name, f"not judged: {type(error).__name__}: {error}")
    return Judgement(document, judged.result)


def judge_records(records: Sequence[Document | Failure], rules: Rules) -> Iterator[Judgement | Failure]:
    """The verdicts on records, read together; one by one where a text of them breaks a rule."""
    texts = [(record.text, _known(record, rules)) for record in records if isinstance(record, Document)]
    try:
        results = iter(judge_all(texts, rules.today, as_of=rules.as_of, imported=rules.imported))
    except Exception:  # noqa: BLE001 - judge_record tells of the one that fails
        yield from (judge_record(record, rules) for record in records)
        return
    for record in records:
        yield record if isinstance(record, Failure) else Judgement(record, next(results))


def _known(document: Document, rules: Rules) -> Known:
    return Known(
        document.url,
        title=document.title,
        publisher=document.publisher or rules.publisher,
        published_on=document.published_on,
        region=rules.region,
    )


def to_answer(outcome: Judgement | Failure, *, every_mention: bool) -> dict[str, Any]:
    """The contract's object for one record or file."""
    if isinstance(outcome, Failure):
        return {"id": outcome.identity, "error": outcome.why}
    answer = to_record(outcome.document.identity, outcome.result, every_mention=every_mention)
    return answer | {"unread": outcome.document.why_unread} if outcome.document.unread else answer


def to_line(answer: dict[str, Any]) -> bytes:
    """One line of JSON in UTF-8; half characters that an input smuggled in are written as escapes."""
    try:
        return _LINE.encode(answer).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(answer).encode() + b"\n"


def process(batch: Batch, rules: Rules) -> Processed:
    """Reads and judges a batch; the same in every process."""
    processed = Processed()
    lines = bytearray()
    for outcome in _outcomes(batch, rules):
        processed.tally.count(outcome)
        if rules.as_lines:
            lines += to_line(to_answer(outcome, every_mention=rules.every_mention))
        else:
            processed.outcomes.append(outcome)
    processed.lines = bytes(lines)
    return processed


def _outcomes(batch: Batch, rules: Rules) -> Iterator[Judgement | Failure]:
    if isinstance(batch, Lines):
        numbered = zip(batch.numbers, batch.lines, strict=True)
        yield from judge_records([read_record(line, batch.name, number) for number, line in numbered], rules)
    elif isinstance(batch, Paths):
        for path in batch.paths:
            yield read_file(path, rules, in_folder=batch.in_folder)
    else:
        yield batch.outcome


def process_all(batches: Iterable[Batch], rules: Rules, jobs: int) -> Iterator[Processed]:
    """Judges batches with ``jobs`` processes, giving what came of each in their order."""
    if jobs == 1:
        for batch in batches:
            yield process(batch, rules)
        return
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    # The rules are read once, before the processes part.
    judge("", Known(), rules.today, imported=rules.imported)
    waiting: deque[Future[Processed]] = deque()
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context(method)) as pool:
        for batch in batches:
            waiting.append(pool.submit(process, batch, rules))
            if len(waiting) >= jobs * AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
