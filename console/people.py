"""通知对象: who is told, by mail and in chats; those of ``qualwatch.toml`` and those kept at the desk.

For the administrator alone. What the file names is provisioned by it and read-only here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from alerts.delivery.channels import chat_kinds
from alerts.languages import Language
from alerts.notifications.letters import shown
from alerts.people.kept import People, kept_people
from alerts.people.trial import last_trials
from console.desk import Desk
from console.desk_list import local_now
from console.frontage import administered, notice, render
from console.viewer import Viewer
from settings.model import Settings
from settings.people import Supervisor
from storage.database import for_reading
from storage.tables import OutboxMessage
from vocabulary.areas import region_name
from vocabulary.codes import OutboxState, Severity
from vocabulary.names import CHINESE
from vocabulary.presentation import displayable
from vocabulary.reasons import reason_in_chinese

CHANNELS: Mapping[str, str] = {
    "wecom": "企业微信群机器人",
    "dingtalk": "钉钉群机器人",
    "feishu": "飞书群机器人",
    "webhook": "其他接口（Webhook）",
}
"""In Chinese; a page says it in the reader's language."""
DAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
SEVERITIES = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)
_LANGUAGES = ((CHINESE, "中文"), ("en", "English"))


@administered
def show_people(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """Everybody who is told, and how the last test message to them went."""
    with Session(for_reading(desk.context.engine), expire_on_commit=False) as session, session.begin():
        kept, trials = kept_people(session, desk.open_seal), last_trials(session)
    file, speech, now = desk.context.file, viewer.speech, local_now(desk)
    by_file = [_person(each, 0, speech) for each in file.supervisors]
    named = {row["email"].casefold() for row in by_file}
    people = by_file + [
        {**_person(each.supervisor, each.number, speech), "is_paused": each.is_paused}
        | {"is_shadowed": each.supervisor.email.casefold() in named}
        for each in kept.supervisors
    ]
    for person in people:
        person["trial"] = _trial(trials.get(person["email"]), speech, now)
    chats = _chats(file, kept, speech)
    for chat in chats:
        chat["trial"] = _trial(trials.get(chat["name"]), speech, now)
    values = {"people": people, "chats": chats, "administrator": desk.settings.administrator}
    return render(desk, viewer, request, "people", values)


@administered
def show_new_person(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """Where a supervisor is typed who is to be told."""
    return person_form(desk, viewer, request, {"working_hours": "08:30-17:30", "working_days": list("12345")})


@administered
def show_new_chat(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """Where a chat is typed."""
    return chat_form(desk, viewer, request, {})


@administered
def show_person(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """A supervisor of the desk, to be changed."""
    number = request.path_params["person"]
    found = next((each for each in read_kept(desk).supervisors if each.number == number), None)
    if found is None:
        return nobody(desk, viewer)
    who = found.supervisor
    typed: dict[str, Any] = {
        "name": who.name,
        "email": who.email,
        "regions": "、".join(who.regions),
        "departments": "、".join(who.departments),
        "severities": list(who.severities),
        "working_days": [str(day) for day in who.working_days],
        "working_hours": who.working_hours,
        "superior": who.superior or "",
        "language": who.language,
        "chats": list(who.chats),
    }
    return person_form(desk, viewer, request, typed, number=number)


@administered
def show_chat(desk: Desk, viewer: Viewer, request: Request) -> Response:
    """A chat of the desk, to be changed; its address is never shown."""
    number = request.path_params["chat"]
    found = next((each for each in read_kept(desk).chats if each.number == number), None)
    if found is None:
        return nobody(desk, viewer)
    typed = {"name": found.name, "channel": found.channel}
    return chat_form(desk, viewer, request, typed, number=number)


def person_form(
    desk: Desk,
    viewer: Viewer,
    request: Request,
    typed: Mapping[str, Any],
    *,
    number: int = 0,
    problem: str = "",
) -> Response:
    """The form of a supervisor, with what was typed; ``number``: of who is changed, 0 for a new one."""
    speech, kept = viewer.speech, read_kept(desk)
    chats = sorted({each.name for each in desk.context.file.chats} | {each.name for each in kept.chats})
    chosen = {name: typed.get(name, ()) for name in ("severities", "working_days", "chats")}
    values = {
        "typed": {name: displayable(str(typed.get(name, "")), limit=2000) for name in _TEXTS},
        "severities": [
            (each.value, speech.name(each), each.value in chosen["severities"]) for each in SEVERITIES
        ],
        "days": [
            (str(number), speech.say(word), str(number) in chosen["working_days"])
            for number, word in enumerate(DAYS, 1)
        ],
        "languages": [(code, word, code == typed.get("language")) for code, word in _LANGUAGES],
        "chats": [(name, name, name in chosen["chats"]) for name in chats],
        "known": sorted({each.email for each in desk.settings.supervisors}),
        "number": number,
        "is_paused": any(each.is_paused for each in kept.supervisors if each.number == number),
        "problem": problem,
    }
    return render(desk, viewer, request, "person", values, 422 if problem else 200)


_TEXTS = ("name", "email", "regions", "departments", "working_hours", "superior")


def chat_form(
    desk: Desk,
    viewer: Viewer,
    request: Request,
    typed: Mapping[str, Any],
    *,
    number: int = 0,
    problem: str = "",
) -> Response:
    """The form of a chat; its address is typed and never shown again."""
    speech = viewer.speech
    values = {
        "name": displayable(str(typed.get("name", "")), limit=100),
        "channels": [
            (kind, speech.say(CHANNELS.get(kind, kind)), kind == typed.get("channel"))
            for kind in chat_kinds()
        ],
        "number": number,
        "is_paused": any(each.is_paused for each in read_kept(desk).chats if each.number == number),
        "problem": problem,
    }
    return render(desk, viewer, request, "chat", values, 422 if problem else 200)


def read_kept(desk: Desk) -> People:
    """Those of the desk as they are now."""
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        return kept_people(session, desk.open_seal)


def nobody(desk: Desk, viewer: Viewer) -> Response:
    speech = viewer.speech
    words = speech.say("可能已被删除，或写在配置文件中。")
    return notice(desk, 404, speech.say("没有这一通知对象"), words, speech)


def _person(who: Supervisor, number: int, speech: Language) -> dict[str, Any]:
    """A supervisor at a glance; ``number`` 0: the file's."""
    everything = speech.say("全部")
    return {
        "number": number,
        "name": shown(who.name, 60) or who.email,
        "email": who.email,
        "regions": "、".join(region_name(code) or code for code in who.regions) or everything,
        "departments": "、".join(shown(each, 60) for each in who.departments) or everything,
        "severities": "、".join(speech.name(Severity(each)) for each in who.severities) or everything,
        "days": _days(who, speech),
        "hours": who.working_hours,
        "superior": who.superior or "",
        "chats": "、".join(who.chats),
        "is_paused": False,
        "is_shadowed": False,
    }


def _days(who: Supervisor, speech: Language) -> str:
    """Empty for the days of an office."""
    days = sorted(set(who.working_days))
    if days == [1, 2, 3, 4, 5]:
        return ""
    return speech.say("每天") if len(days) == 7 else "、".join(speech.say(DAYS[day - 1]) for day in days)


def _chats(file: Settings, kept: People, speech: Language) -> list[dict[str, Any]]:
    named = {chat.name for chat in file.chats}
    listed = [(0, chat.name, chat.channel, False, True, False) for chat in file.chats]
    listed += [
        (each.number, each.name, each.channel, each.is_paused, each.chat is not None, each.name in named)
        for each in kept.chats
    ]
    keys = ("number", "name", "channel", "is_paused", "is_readable", "is_shadowed")
    found: list[dict[str, Any]] = [dict(zip(keys, each, strict=True)) for each in listed]
    for chat in found:
        chat["kind"] = speech.say(CHANNELS.get(str(chat["channel"]), str(chat["channel"])))
    return found


def _trial(row: OutboxMessage | None, speech: Language, now: datetime) -> dict[str, str] | None:
    """How the last test message went; None where there was none."""
    if row is None:
        return None
    at = f"{(row.sent_at or row.created_at).astimezone(now.tzinfo):%m-%d %H:%M}"
    if row.state is OutboxState.SENT:
        return {"tone": "done", "said": speech.say("测试消息已发出"), "at": at, "why": ""}
    why = row.last_error
    if why and speech.code == CHINESE:
        why = reason_in_chinese(why)
    is_dead = row.state is OutboxState.DEAD
    said = speech.say("测试消息发送失败") if is_dead else speech.say("测试消息待发")
    return {
        "tone": "late" if is_dead else "near",
        "said": said,
        "at": at,
        "why": displayable(why, limit=200),
    }
