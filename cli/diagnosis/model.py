"""A diagnosis: one part of an installation, how it is, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from vocabulary.reasons import in_chinese

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from settings.model import Settings


class State(StrEnum):
    """Best first."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


MARKS = {State.OK: "✓", State.WARNING: "⚠", State.FAILURE: "✗"}
EXIT_CODES = {State.OK: 0, State.WARNING: 1, State.FAILURE: 2}
"""Those of monitoring plugins."""


class Part(StrEnum):
    """What is looked at; the value is for programs."""

    CONFIGURATION = "configuration"
    DATABASE = "database"
    DAEMON = "daemon"
    EVIDENCE = "evidence"
    DISK = "disk"
    TIME = "time"
    CATALOGUE = "catalogue"
    SOURCES = "sources"
    LETTERS = "letters"
    PROGRAMS = "programs"
    MAIL = "mail"
    INTAKE = "intake"
    CHATS = "chats"
    CONSOLE = "console"
    CERTIFICATES = "certificates"
    DNS = "dns"


PART_NAMES = {
    Part.CONFIGURATION: "配置",
    Part.DATABASE: "数据库",
    Part.DAEMON: "监测程序",
    Part.EVIDENCE: "证据",
    Part.DISK: "磁盘",
    Part.TIME: "时间",
    Part.CATALOGUE: "目录",
    Part.SOURCES: "来源",
    Part.LETTERS: "待发消息",
    Part.PROGRAMS: "组件",
    Part.MAIL: "邮件",
    Part.INTAKE: "举报邮箱",
    Part.CHATS: "群聊",
    Part.CONSOLE: "案件页面",
    Part.CERTIFICATES: "证书",
    Part.DNS: "域名解析",
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """How a part is; what is said and advised is Chinese."""

    part: Part
    state: State
    said: str
    advice: str = ""
    """What to do; empty where nothing is to be done."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What is looked at."""

    settings: Settings
    file: Path
    """The configuration, or where it would be."""
    engine: Engine | None
    """None where there is no database that could be read."""
    sends: bool = False
    """Whether a mail to the administrator and a message to every chat may be sent."""

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)


Check = Callable[[Installation], Iterable[Diagnosis]]


def ok(part: Part, said: str) -> Diagnosis:
    return Diagnosis(part, State.OK, said)


def warning(part: Part, said: str, advice: str) -> Diagnosis:
    return Diagnosis(part, State.WARNING, said, advice)


def failure(part: Part, said: str, advice: str) -> Diagnosis:
    return Diagnosis(part, State.FAILURE, in_chinese(said), advice)


def worst(found: Iterable[Diagnosis]) -> State:
    """The state of the whole."""
    states = list(State)
    return max((each.state for each in found), key=states.index, default=State.OK)
