"""The administrator says at the desk who is told, by mail and in chats; what the file says is read-only."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from alerts.delivery.channels import ChannelDown, Rendered, open_channels
from alerts.people.changing import add_supervisor, read_supervisor
from alerts.people.in_force import PeopleInForce, settings_now
from alerts.people.kept import NOBODY, kept_people
from alerts.recipients import recipients
from jobs.configuration import ConfigurationFile
from jobs.context import Context
from jobs.people import Taken
from jobs.tasks import deliver
from settings.model import Settings
from settings.people import KeptChat, Supervisor
from storage.tables import AuditEntry, OutboxMessage, StoredChat
from tests.alerts.chatserver import ChatServer
from tests.alerts.stored import NOW
from tests.console.hostile import PAYLOADS
from tests.console.visitor import Page, Room, Seat
from vocabulary.codes import OutboxState, Severity

ADMINISTRATOR = "admin@example.com"
ROBOT = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0123456789abcdef"
ZHENG = {"name": "郑科长", "email": "zheng@example.com", "working_days": ["1", "2", "3", "4", "5"]}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    wecom = {"name": "office", "channel": "wecom", "secret_url": ROBOT}
    people = [each.model_dump() for each in settings.supervisors]
    named = Settings.model_validate({"supervisors": people, "chats": [wecom]})
    return settings.model_copy(update={"chats": named.chats})


@pytest.fixture
def seat(room: Room) -> Seat:
    return room.enter(ADMINISTRATOR)


def _add(seat: Seat, **fields: Any) -> Any:
    key = seat.key_of("/new-supervisor")
    return seat.post("/new-supervisor", {**key, **ZHENG, **fields})


def _add_chat(seat: Seat, **fields: str) -> Any:
    said = {"name": "nanping", "channel": "wecom", "address": ROBOT, **fields}
    return seat.post("/new-chat", {**seat.key_of("/new-chat"), **said})


def _kept(room: Room) -> dict[str, Supervisor]:
    with Session(room.engine) as session:
        kept = kept_people(session, lambda: pytest.fail("no chat is kept"))
    return {each.supervisor.email: each.supervisor for each in kept.supervisors}


def _now(room: Room) -> Settings:
    return settings_now(room.engine, room.context.file)[0]


def _trail(engine: Engine) -> list[tuple[str, str, str]]:
    with Session(engine) as session:
        found = session.exec(select(AuditEntry).order_by("id")).all()
        return [(str(each.kind), each.actor, each.detail) for each in found]


def test_somebody_is_added_and_told_of_what_is_theirs(room: Room, seat: Seat) -> None:
    assert (
        _add(seat, regions="南平市，350100", departments="财政 交通运输", severities=["high"]).status_code
        == 303
    )
    who = _kept(room)["zheng@example.com"]
    assert (who.regions, who.departments, who.severities) == (
        ("350700", "350100"),
        ("财政", "交通运输"),
        ("high",),
    )
    assert who.working_days == (1, 2, 3, 4, 5)
    page = seat.page("/people")
    for words in ("郑科长", "南平市", "王科长", "写在 qualwatch.toml 中"):
        assert words in page.words
    told = {each.email for each in recipients(_now(room), region="350700", severity=Severity.HIGH)}
    assert "zheng@example.com" not in told  # of another department
    assert _add(seat, email="wu@example.com", regions="南平市").status_code == 303
    told = {each.email for each in recipients(_now(room), region="350700", severity=Severity.HIGH)}
    assert "wu@example.com" in told
    assert [entry[:2] for entry in _trail(room.engine)] == [("supervisor_added", ADMINISTRATOR)] * 2


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": ""}, "姓名"),
        ({"name": "郑\r\nBcc: evil@example.com"}, "姓名"),
        ({"name": "郑" * 61}, "姓名"),
        ({"email": "zheng"}, "邮箱"),
        ({"email": "zheng@example.com\r\nBcc: evil@example.com"}, "邮箱"),
        ({"email": "Wang@example.com"}, "写在配置文件中"),
        ({"regions": "火星"}, "地区"),
        ({"departments": "财\u202e政"}, "部门"),
        ({"severities": ["deadly"]}, "风险等级"),
        ({"working_days": []}, "工作日"),
        ({"working_days": ["x"]}, "工作日"),
        ({"working_hours": "17:00-08:00"}, "工作时间"),
        ({"superior": "nobody"}, "上级"),
        ({"superior": "zheng@example.com"}, "回到本人"),
        ({"chats": ["elsewhere"]}, "没有代号"),
        ({"language": "xx"}, "语言"),
    ],
)
def test_what_is_nobody_is_refused_with_what_was_typed(
    room: Room, seat: Seat, wrong: dict[str, Any], says: str
) -> None:
    answer = _add(seat, **{"departments": "财政", **wrong})
    assert answer.status_code == 422
    assert says in Page(answer.text).words
    assert 'value="财政"' in answer.text or "departments" in wrong
    assert not _kept(room)
    assert _trail(room.engine) == []


def test_somebody_is_changed_paused_and_removed(room: Room, seat: Seat) -> None:
    _add(seat)
    _add(seat, email="wu@example.com", superior="zheng@example.com")
    key = seat.key_of("/supervisors/1")
    assert seat.post("/supervisors/1", {**key, **ZHENG, "superior": "wu@example.com"}).status_code == 422
    assert seat.post("/supervisors/1", {**key, **ZHENG, "email": "wu@example.com"}).status_code == 422
    assert seat.post("/supervisors/1", {**key, **ZHENG, "name": "郑主任"}).status_code == 303
    assert _kept(room)["zheng@example.com"].name == "郑主任"
    assert seat.post("/supervisors/1", {**key, "paused": "yes"}).status_code == 303
    assert "zheng@example.com" not in {each.email for each in _now(room).supervisors}
    assert "已暂停" in seat.page("/people").words
    assert seat.post("/supervisors/1", {**key, "paused": "no"}).status_code == 303
    assert "zheng@example.com" in {each.email for each in _now(room).supervisors}
    assert seat.post("/supervisors/1/remove", key).status_code == 303
    assert list(_kept(room)) == ["wu@example.com"]
    assert seat.get("/supervisors/1").status_code == 404
    assert seat.post("/supervisors/1/remove", key).status_code == 422
    kinds = [kind for kind, _, _ in _trail(room.engine)]
    assert kinds == [*["supervisor_added"] * 2, *["supervisor_changed"] * 3, "supervisor_removed"]


def test_a_chats_address_is_sealed_and_shown_to_nobody(room: Room, seat: Seat) -> None:
    assert _add_chat(seat).status_code == 303
    assert _add(seat, chats=["nanping", "office"]).status_code == 303
    with room.engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM stored_chat")).all()
        entries = connection.execute(text("SELECT * FROM audit_entry")).all()
    secret = ROBOT.rpartition("=")[2]
    shown = [seat.get(path).text for path in ("/people", "/chats/1", "/supervisors/1", "/new-supervisor")]
    for said in (str(rows), str(entries), *shown):
        assert secret not in said
    (chat,) = [each for each in _now(room).chats if each.name == "nanping"]
    assert chat.secret_url.get_secret_value() == ROBOT
    assert [each.chats for each in _now(room).supervisors if each.email == "zheng@example.com"] == [
        ("nanping", "office")
    ]


def test_a_chat_is_paused_leads_elsewhere_and_is_removed(room: Room, seat: Seat) -> None:
    _add_chat(seat)
    _add(seat, chats=["nanping"])
    key = seat.key_of("/chats/1")
    assert seat.post("/chats/1", {**key, "paused": "yes"}).status_code == 303
    assert [each.chats for each in _now(room).supervisors if each.email == "zheng@example.com"] == [()]
    assert "nanping" in {each.name for each in _now(room).chats}  # what was written before still leaves
    assert seat.post("/chats/1/remove", key).status_code == 422  # Zheng is told there
    feishu = "https://open.feishu.cn/open-apis/bot/v2/hook/abc"
    assert seat.post("/chats/1", {**key, "channel": "dingtalk", "address": feishu}).status_code == 422
    assert seat.post("/chats/1", {**key, "channel": "feishu", "address": feishu}).status_code == 303
    assert {each.name: each.channel for each in _now(room).chats} == {"office": "wecom", "nanping": "feishu"}
    seat.post("/supervisors/1/remove", key)
    seat.post("/chats/1", {**key, "paused": "no"})
    assert seat.post("/people/test", {**key, "chat": "nanping"}).status_code == 303
    assert seat.post("/chats/1/remove", key).status_code == 422  # a message waits for it
    with Session(room.engine) as session, session.begin():
        session.exec(select(OutboxMessage)).one().state = OutboxState.SENT
    assert seat.post("/chats/1/remove", key).status_code == 303
    assert {each.name for each in _now(room).chats} == {"office"}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": "office"}, "已被使用"),
        ({"name": "Ü"}, "代号"),
        ({"channel": "smtp"}, "类型"),
        ({"address": "https://example.com/?key=x"}, "类型"),
        ({"address": ""}, "地址"),
        ({"channel": "webhook", "address": "http://127.0.0.1:1/"}, "内网"),
        ({"channel": "webhook", "address": "http://[::ffff:10.0.0.1]/"}, "内网"),
        ({"channel": "webhook", "address": "http://169.254.169.254/latest/"}, "内网"),
        ({"channel": "webhook", "address": "json://localhost/"}, "地址"),
        ({"channel": "webhook", "address": "file:///etc/passwd"}, "地址"),
        ({"channel": "webhook", "address": "https://e.example/\r\nHost: x"}, "地址"),
        ({"channel": "webhook", "address": "https://e.example:port/"}, "地址"),
    ],
)
def test_what_is_no_chat_or_leads_into_the_house_is_refused(
    room: Room, seat: Seat, wrong: dict[str, str], says: str
) -> None:
    answer = _add_chat(seat, **wrong)
    assert answer.status_code == 422
    assert says in Page(answer.text).words
    assert "0123456789abcdef" not in answer.text
    with Session(room.engine) as session:
        assert session.exec(select(StoredChat)).all() == []


def test_what_was_public_when_it_was_typed_gets_nothing_once_it_is_private(context: Context) -> None:
    with ChatServer().serving() as server:
        chat = KeptChat.model_validate(
            {"name": "hook", "channel": "webhook", "secret_url": f"http://{server.address}/hook"}
        )
        for allowed, wanted in (((), 0), ((server.address,), 1)):
            fetching = context.settings.fetching.model_copy(update={"allow_private_hosts": allowed})
            settings = context.settings.model_copy(update={"chats": (chat,), "fetching": fetching})
            taken = Taken(settings, (1,), (), frozenset())
            channel = taken.by(context, ()).channels["webhook"]
            message = Rendered("<1@localhost>", "hook", "", "测试", "测试", "<p>", NOW, brief="测试")
            refused = nullcontext() if wanted else pytest.raises(ChannelDown, match="not a public address")
            with refused:
                channel.send(message)
            assert len(server.posted) == wanted


def test_a_test_message_takes_the_way_of_all(room: Room, seat: Seat) -> None:
    _add(seat)
    key = seat.key_of("/people")
    for whom in ({"whom": "zheng@example.com"}, {"whom": "wang@example.com"}, {"chat": "office"}):
        assert seat.post("/people/test", {**key, **whom}).status_code == 303
        assert seat.post("/people/test", {**key, **whom}).status_code == 303  # once a minute
    for nobody in ({"whom": "evil@example.com"}, {"chat": "evil"}, {}):
        assert seat.post("/people/test", {**key, **nobody}).status_code == 404
    with Session(room.engine) as session:
        told = [row.recipient for row in session.exec(select(OutboxMessage).order_by("id"))]
    assert told == ["zheng@example.com", "wang@example.com", "office"]
    assert "测试消息待发" in seat.page("/people").words
    told_by = _by_mail(room.context)
    assert deliver(told_by) == 2
    assert "测试消息已发出" in seat.page("/people").words


def test_others_see_nothing_of_it(room: Room, seat: Seat) -> None:
    _add(seat)
    other = room.enter("wang@example.com")
    assert "通知对象" not in other.page("/today").words
    for path in ("/people", "/new-supervisor", "/new-chat", "/supervisors/1", "/chats/1"):
        assert other.get(path).status_code == 403
        assert Seat(room.url).get(path).status_code == 401
    for path in ("/people/test", "/new-supervisor", "/new-chat", "/supervisors/1", "/supervisors/1/remove"):
        fields = {**ZHENG, "email": "evil@example.com", "whom": "zheng@example.com", "paused": "yes"}
        assert other.post(path, {**other.key, **fields}).status_code == 403
        assert seat.post(path, fields).status_code == 403  # without the key of its page
    assert list(_kept(room)) == ["zheng@example.com"]
    assert len(_trail(room.engine)) == 1


def test_hostile_names_run_nothing_and_break_no_header(room: Room, seat: Seat) -> None:
    taken = 0
    for number, payload in enumerate(PAYLOADS[::6]):
        answer = _add(seat, name=payload[:60], email=f"x{number}@example.com", superior="chu@example.com")
        taken += answer.status_code == 303
        Page(answer.text).require_harmless()
    assert taken > 20
    for path in ("/people", "/supervisors/1", "/new-supervisor"):
        seat.page(path).require_harmless()
    key = seat.key_of("/people")
    for email in _kept(room):
        assert seat.post("/people/test", {**key, "whom": email}).status_code == 303
    assert deliver(_by_mail(room.context)) == taken
    for file in (room.context.settings.storage.mail_directory / "new").iterdir():
        head = file.read_bytes().partition(b"\r\n\r\n")[0].lower()
        assert b"\nbcc:" not in head
        assert head.count(b"\nto:") == 1


def test_a_program_that_runs_takes_them_up(context: Context, tmp_path: Path) -> None:
    file, taken = ConfigurationFile(tmp_path / "qualwatch.toml", context.settings), list[Taken]()
    follow = partial(file.follow, asked=False, take_up=taken.append, open_anew=lambda: pytest.fail("anew"))
    follow(context)
    assert taken == []
    wu = read_supervisor({"name": "吴", "email": "wu@example.com"})
    with context.transaction() as session:
        add_supervisor(session, wu, file=context.file, actor=ADMINISTRATOR, now=context.now())
    follow(context)
    running = taken[0].by(context, context.sources)
    assert [each.email for each in running.settings.supervisors][-1] == "wu@example.com"
    assert [each.email for each in running.file.supervisors] == ["wang@example.com", "li@example.com"]
    follow(running)
    assert len(taken) == 1


def test_work_that_began_before_tells_whom_the_desk_names_since(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerts.people.in_force._LOOK_SECONDS", 0.0)
    begun = PeopleInForce(context.engine, context.file, context.settings, NOBODY)
    assert len(begun.read().supervisors) == 2
    wu = read_supervisor({"name": "吴", "email": "wu@example.com"})
    with context.transaction() as session:
        add_supervisor(session, wu, file=context.file, actor=ADMINISTRATOR, now=context.now())
    assert [each.name for each in begun.read().supervisors] == ["王科长", "李科长", "吴"]


def test_who_is_named_by_the_file_later_is_the_files(context: Context) -> None:
    wu = read_supervisor({"name": "吴", "email": "wu@example.com", "superior": "li@example.com"})
    with context.transaction() as session:
        add_supervisor(session, wu, file=context.file, actor=ADMINISTRATOR, now=context.now())
    said = [
        {"name": "李", "email": "li@example.com", "superior": "wu@example.com"},
        {"name": "吴", "email": "Wu@example.com"},
    ]
    both = settings_now(
        context.engine, Settings.model_validate({**_kept_where(context), "supervisors": said})
    )[0]
    assert [(each.email, each.superior) for each in both.supervisors] == [
        ("li@example.com", "wu@example.com"),
        ("Wu@example.com", None),
    ]
    circle = settings_now(
        context.engine, Settings.model_validate({**_kept_where(context), "supervisors": said[:1]})
    )[0]
    assert [each.superior for each in circle.supervisors] == ["wu@example.com", None]


def _kept_where(context: Context) -> dict[str, Any]:
    return {"storage": {"directory": str(context.settings.storage.directory)}}


def _by_mail(context: Context) -> Context:
    """A program that knows everybody and has no chats to write to."""
    settings, mark = settings_now(context.engine, context.file)
    channels = open_channels(settings.model_copy(update={"chats": ()}))
    return replace(context, settings=settings, people=mark, channels=channels)
