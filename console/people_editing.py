"""通知对象 for the administrator: adding, changing, pausing, removing, and sending a test message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from alerts.people.changing import (
    PersonRefused,
    add_chat,
    add_supervisor,
    change_chat,
    change_supervisor,
    pause_chat,
    pause_supervisor,
    read_chat,
    read_supervisor,
    remove_chat,
    remove_supervisor,
)
from alerts.people.in_force import settings_now
from alerts.people.trial import send_trial
from alerts.recipients import Recipient
from console.desk import Desk
from console.frontage import Fields, administered_form, last, notice, to
from console.people import chat_form, nobody, person_form, read_kept
from console.viewer import Viewer
from settings.model import Settings
from settings.people import Supervisor
from storage.database import one_transaction
from storage.sealing import SealError
from vocabulary.regions import region_code

LIST = "/people"
_LONGEST = 2048
_MANY = ("severities", "working_days", "chats")
_TEXTS = ("name", "email", "regions", "departments", "working_hours", "superior", "language")
_SEPARATORS = str.maketrans(dict.fromkeys("，,；;\n\t ", "、"))


@administered_form
@one_transaction
def add_person(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Tell somebody from now on."""
    try:
        supervisor = _supervisor(fields)
        with desk.context.transaction() as session:
            now = desk.context.now()
            add_supervisor(session, supervisor, file=desk.context.file, actor=viewer.email, now=now)
    except PersonRefused as error:
        return person_form(desk, viewer, request, _typed(fields), problem=str(error))
    return to(desk, LIST)


@administered_form
@one_transaction
def change_person(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Change what is said of a supervisor of the desk, or pause them."""
    number, actor, now = request.path_params["person"], viewer.email, desk.context.now()
    try:
        if "paused" in fields:
            with desk.context.transaction() as session:
                is_paused = last(fields, "paused") == "yes"
                pause_supervisor(session, number, is_paused=is_paused, actor=actor, now=now)
            return to(desk, LIST)
        supervisor = _supervisor(fields)
        with desk.context.transaction() as session:
            change_supervisor(session, number, supervisor, file=desk.context.file, actor=actor, now=now)
    except PersonRefused as error:
        typed = _typed(fields)
        return person_form(desk, viewer, request, typed, number=number, problem=str(error))
    return to(desk, LIST)


@administered_form
@one_transaction
def remove_person(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:  # noqa: ARG001
    """Tell somebody nothing any more; their cases stay."""
    number = request.path_params["person"]
    try:
        with desk.context.transaction() as session:
            remove_supervisor(session, number, actor=viewer.email, now=desk.context.now())
    except PersonRefused as error:
        return _refused(desk, viewer, error)
    return to(desk, LIST)


@administered_form
@one_transaction
def add_group(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Keep a chat, its address sealed."""
    name, channel, address = (last(fields, key).strip() for key in ("name", "channel", "address"))
    try:
        chat = read_chat(name, channel, address, desk.settings)
        seal = desk.open_seal()
        with desk.context.transaction() as session:
            now = desk.context.now()
            add_chat(session, chat, seal, file=desk.context.file, actor=viewer.email, now=now)
    except (PersonRefused, SealError, OSError) as error:
        typed = {"name": name, "channel": channel}
        return chat_form(desk, viewer, request, typed, problem=_why(error))
    return to(desk, LIST)


@administered_form
@one_transaction
def change_group(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:
    """Have a chat of the desk lead elsewhere, or pause it."""
    number, actor, now = request.path_params["chat"], viewer.email, desk.context.now()
    found = next((each for each in read_kept(desk).chats if each.number == number), None)
    if found is None:
        return nobody(desk, viewer)
    channel = last(fields, "channel").strip()
    try:
        if "paused" in fields:
            with desk.context.transaction() as session:
                is_paused = last(fields, "paused") == "yes"
                pause_chat(session, number, is_paused=is_paused, actor=actor, now=now)
            return to(desk, LIST)
        chat = read_chat(found.name, channel, last(fields, "address"), desk.settings)
        seal = desk.open_seal()
        with desk.context.transaction() as session:
            change_chat(session, number, chat, seal, actor=actor, now=now)
    except (PersonRefused, SealError, OSError) as error:
        typed = {"name": found.name, "channel": channel}
        return chat_form(desk, viewer, request, typed, number=number, problem=_why(error))
    return to(desk, LIST)


@administered_form
@one_transaction
def remove_group(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:  # noqa: ARG001
    """Forget a chat of the desk."""
    number = request.path_params["chat"]
    try:
        with desk.context.transaction() as session:
            remove_chat(session, number, actor=viewer.email, now=desk.context.now())
    except PersonRefused as error:
        return _refused(desk, viewer, error)
    return to(desk, LIST)


@administered_form
@one_transaction
def try_out(desk: Desk, viewer: Viewer, request: Request, fields: Fields) -> Response:  # noqa: ARG001
    """Write a test message to somebody, or into a chat; it leaves as any other does."""
    whom, chat = last(fields, "whom"), last(fields, "chat")
    settings, _ = settings_now(desk.context.engine, desk.context.file)
    recipient = _known(desk, settings, whom, chat)
    if recipient is None:
        return nobody(desk, viewer)
    with desk.context.transaction() as session:
        now = desk.context.now()
        send_trial(session, recipient, settings, actor=viewer.email, now=now, in_chat=bool(chat))
    return to(desk, LIST)


CHANGES = (add_person, change_person, remove_person, add_group, change_group, remove_group)
"""All that change who is told."""


def _known(desk: Desk, settings: Settings, whom: str, chat: str) -> Recipient | None:
    """Who is meant, of those whom the list shows; nobody else is written to."""
    if chat:
        return next((Recipient(each.name, "") for each in settings.chats if each.name == chat), None)
    kept = [each.supervisor for each in read_kept(desk).supervisors]
    who = next((each for each in (*settings.supervisors, *kept) if each.email == whom), None)
    return Recipient(who.email, who.name, language=who.language) if who else None


def _supervisor(fields: Fields) -> Supervisor:
    """What a form says; raises :class:`PersonRefused`."""
    typed = _typed(fields)
    try:
        regions = [region_code(each) for each in _listed(typed["regions"])]
    except ValueError as error:
        raise PersonRefused(str(error)) from error
    try:
        days = [int(day) for day in typed["working_days"]]
    except ValueError as error:
        raise PersonRefused("请检查：工作日") from error
    return read_supervisor(
        {
            "name": typed["name"],
            "email": typed["email"],
            "regions": regions,
            "departments": _listed(typed["departments"]),
            "severities": typed["severities"],
            "working_days": sorted(set(days)),
            "working_hours": typed["working_hours"] or None,
            "superior": typed["superior"] or None,
            "language": typed["language"] or None,
            "chats": typed["chats"],
        }
    )


def _typed(fields: Fields) -> dict[str, Any]:
    texts = {name: last(fields, name).strip()[:_LONGEST] for name in _TEXTS}
    many: Mapping[str, Sequence[str]] = {name: [each[:60] for each in fields.get(name, ())] for name in _MANY}
    return {**texts, **many}


def _listed(text: str) -> list[str]:
    """Words between commas of any kind, each once."""
    words = (each.strip() for each in text.translate(_SEPARATORS).split("、"))
    return list(dict.fromkeys(each for each in words if each))


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, PersonRefused) else "密钥（contact.key）不能使用，没有保存"


def _refused(desk: Desk, viewer: Viewer, error: PersonRefused) -> Response:
    return notice(desk, 422, viewer.speech.say("没有修改"), str(error), viewer.speech)
