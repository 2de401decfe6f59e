"""``qualwatch doctor``: looks at every part of an installation and says what to do."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from cli.common import Config
from cli.diagnosis.model import EXIT_CODES, MARKS, PART_NAMES, Diagnosis, State, worst
from vocabulary.presentation import displayable


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
    from cli.diagnosis.examination import diagnose

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
