"""All that is looked at in an installation, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from cli.diagnosis.kept import (
    check_configuration,
    check_disk,
    check_evidence,
    check_time,
    open_kept,
    with_desk,
)
from cli.diagnosis.model import Check, Diagnosis, Installation, Part, failure
from cli.diagnosis.reached import (
    check_certificates,
    check_chats,
    check_console,
    check_intake,
    check_mail,
    check_names,
)
from cli.diagnosis.watched import (
    check_catalogue,
    check_daemon,
    check_letters,
    check_programs,
    check_sources,
)
from settings import SettingsError, load_settings
from settings.load import FILE_NAME
from vocabulary.presentation import displayable

CHECKS: dict[Part, Check] = {
    Part.CONFIGURATION: check_configuration,
    Part.DAEMON: check_daemon,
    Part.EVIDENCE: check_evidence,
    Part.DISK: check_disk,
    Part.TIME: check_time,
    Part.CATALOGUE: check_catalogue,
    Part.SOURCES: check_sources,
    Part.LETTERS: check_letters,
    Part.PROGRAMS: check_programs,
    Part.MAIL: check_mail,
    Part.INTAKE: check_intake,
    Part.CHATS: check_chats,
    Part.CONSOLE: check_console,
    Part.CERTIFICATES: check_certificates,
    Part.DNS: check_names,
}
"""What is looked at beside the database, in the order in which it is said."""


def diagnose(config: Path | None, *, sends: bool = False) -> Iterator[Diagnosis]:
    """What is found, part by part, as it is found; a check that fails itself fails alone."""
    try:
        settings = load_settings(config)
    except SettingsError as error:
        for problem in error.problems:
            yield failure(Part.CONFIGURATION, f"{error.place}：{problem}", "按上述说明修改配置")
        return
    with ExitStack() as stack:
        engine, seen = open_kept(settings)
        if engine is not None:
            stack.callback(engine.dispose)
            settings = with_desk(settings, engine)
        installation = Installation(settings, config or Path(FILE_NAME), engine, sends)
        pool = stack.enter_context(ThreadPoolExecutor(len(CHECKS), "doctor"))
        running = {part: pool.submit(_check, part, installation) for part in CHECKS}
        yield from running.pop(Part.CONFIGURATION).result()
        yield from seen
        for answer in running.values():
            yield from answer.result()


def _check(part: Part, installation: Installation) -> list[Diagnosis]:
    try:
        return list(CHECKS[part](installation))
    except Exception as error:  # noqa: BLE001 - the other parts are still looked at
        said = f"检查未能完成：{type(error).__name__}: {displayable(str(error), limit=300)}"
        return [failure(part, said, "先处理其他故障再检查；仍如此请报告开发者")]
