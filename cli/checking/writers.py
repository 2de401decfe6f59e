"""The answers of one run, written to standard output as they come."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Protocol

from cli.checking.judging import to_answer
from cli.checking.model import Failure, Judgement, Processed, Tally

if TYPE_CHECKING:
    from rich.console import Console


class Writer(Protocol):
    def write(self, processed: Processed) -> None: ...

    def close(self) -> None: ...


class LinesWriter:
    """JSON lines: every answer goes out at once, so that a pipe never waits for the next question."""

    def write(self, processed: Processed) -> None:
        sys.stdout.buffer.write(processed.lines)
        sys.stdout.buffer.flush()

    def close(self) -> None:
        """Nothing stands behind the last line."""


def _indented(value: dict[str, Any]) -> bytes:
    """JSON in UTF-8; half characters that an input smuggled in are written as escapes."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=2).encode()
    except UnicodeEncodeError:
        return json.dumps(value, indent=2).encode()


class JsonWriter:
    """One object for one document, an array for a folder or a file of records."""

    def __init__(self, *, every_mention: bool, many: bool) -> None:
        self._every_mention = every_mention
        self._many = many
        self._written = 0

    def write(self, processed: Processed) -> None:
        out = sys.stdout.buffer
        for outcome in processed.outcomes:
            if self._many:
                out.write(b",\n" if self._written else b"[\n")
            out.write(_indented(to_answer(outcome, every_mention=self._every_mention)))
            self._written += 1

    def close(self) -> None:
        if self._many:
            sys.stdout.buffer.write(b"\n]" if self._written else b"[]")
        sys.stdout.buffer.write(b"\n")
        sys.stdout.buffer.flush()


class TextWriter:
    """For people, coloured where a terminal shows colours."""

    def __init__(self, console: Console, *, every_mention: bool) -> None:
        self._console = console
        self._tally = Tally()
        self._every_mention = every_mention

    def write(self, processed: Processed) -> None:
        from cli.checking.terminal import print_failure, print_result

        self._tally.add(processed.tally)
        for outcome in processed.outcomes:
            if isinstance(outcome, Judgement):
                document = outcome.document
                print_result(
                    self._console,
                    document.name,
                    document.text,
                    outcome.result,
                    every_mention=self._every_mention,
                )
                if document.unread:
                    print_failure(document.name, document.why_unread)
            elif not outcome.skipped:
                print_failure(outcome.name, outcome.why)

    def close(self) -> None:
        from cli.checking.terminal import print_summary

        tally = self._tally
        print_summary(
            self._console,
            documents=tally.documents,
            findings=tally.findings,
            alerts=tally.alerts,
            unread=tally.unread,
            skipped=tally.skipped,
        )


class SarifWriter:
    """One SARIF log for the whole run, written at its end."""

    def __init__(self, *, every_mention: bool) -> None:
        from importlib.metadata import version

        from cli.checking.sarif import SarifRun

        self._run = SarifRun(version("qualwatch"))
        self._every_mention = every_mention

    def write(self, processed: Processed) -> None:
        for outcome in processed.outcomes:
            if isinstance(outcome, Failure):
                self._run.add_failure(outcome.name, outcome.why, skipped=outcome.skipped)
                continue
            document = outcome.document
            self._run.add(
                document.name,
                document.text,
                outcome.result,
                every_mention=self._every_mention,
                source=document.source,
            )

    def close(self) -> None:
        sys.stdout.buffer.write(_indented(self._run.to_log()) + b"\n")
        sys.stdout.buffer.flush()
