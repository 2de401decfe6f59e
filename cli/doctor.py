"""``qualwatch doctor``: looks at every part of an installation and says what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.common import Config
from cli.diagnosis.kept import check_configuration, check_disk, check_evidence, check_time, open_kept
from cli.diagnosis.model import (
    EXIT_CODES,
    MARKS,
    PART_NAMES,
    Check,
    Diagnosis,
    Installation,
    Part,
    State,
    failure,
    worst,
)
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


def doctor(
    *,
    send: Annotated[
        bool, typer.Option("--send", help="向管理员发一封测试邮件，向每个群聊发一条测试消息。")
    ] = False,
    output: Annotated[
        Literal["text", "json"], typer.Option("--format", help="供人阅读的文字，或供程序读取的 JSON。")
    ] = "text",
    config: Config = None,
) -> None:
    """检查整个安装：配置、数据库、证据、磁盘、时间、目录、来源、邮件、群聊、案件页面、证书、域名。

    监测程序可同时运行；不发邮件，除非加 --send。
    退出码（可供监控系统使用）：0 正常，1 有警告，2 有故障。
    """
    found = []
    for diagnosis in diagnose(config, sends=send):
        found.append(diagnosis)
        if output == "text":
            _say(diagnosis)
    state = worst(found)
    if output == "json":
        typer.echo(json.dumps(_record(found, state), ensure_ascii=False, indent=1))
    else:
        counts = {each: sum(one.state is each for one in found) for each in State}
        typer.echo(f"故障 {counts[State.FAILURE]} 项，警告 {counts[State.WARNING]} 项")
    raise typer.Exit(EXIT_CODES[state])


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


def _say(diagnosis: Diagnosis) -> None:
    said = displayable(diagnosis.said, limit=600)
    typer.echo(f"{MARKS[diagnosis.state]} {PART_NAMES[diagnosis.part]}：{said}")
    if diagnosis.advice:
        typer.echo(f"    → {displayable(diagnosis.advice, limit=300)}")


def _record(found: list[Diagnosis], state: State) -> dict[str, object]:
    return {
        "state": state,
        "checks": [
            {"part": each.part, "state": each.state, "said": each.said, "advice": each.advice}
            for each in found
        ],
    }
