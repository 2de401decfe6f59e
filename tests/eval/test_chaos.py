"""What ``make chaos`` measures with: a site, a name server, ways and figures that say what they should."""

from __future__ import annotations

import random
import socket
import struct
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import Envelope

from eval.chaos.__main__ import BRIEF, FULL, Time, _arguments, _faults_of
from eval.chaos.faults import FAULTS
from eval.chaos.installation import Installation, series_value
from eval.chaos.kills import Losses
from eval.chaos.lying import LyingMailServer
from eval.chaos.lying import Path as Way
from eval.chaos.names import answer_to
from eval.chaos.notices import Notices
from eval.chaos.soak import Sample, Soaked, summarise
from settings.load import load_settings

_METRICS = """\
qualwatch_lacking{what="disk"} 0.0
qualwatch_lacking{what="names"} 1.0
qualwatch_channel_down_seconds{channel="smtp"} 12.5
qualwatch_channel_down_seconds{channel="feishu"} 0.0
qualwatch_misfires_total 3.0
"""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ('qualwatch_lacking{what="names"}', 1.0),
        ('qualwatch_lacking{what="disk"}', 0.0),
        ("qualwatch_lacking", 1.0),
        ("qualwatch_channel_down_seconds", 12.5),
        ("qualwatch_misfires_total", 3.0),
        ("qualwatch_misfires", 0.0),
    ],
)
def test_a_series_is_found_by_its_name_and_some_of_its_labels(name: str, value: float) -> None:
    assert series_value(_METRICS, name) == value


def test_every_name_has_the_address_of_this_machine_and_no_other_record() -> None:
    def asked(kind: int) -> bytes:
        name = b"".join(bytes([len(word)]) + word for word in (b"notices", b"chaos", b"example")) + b"\0"
        return b"\x12\x34" + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + name + struct.pack("!HH", kind, 1)

    for_address, for_another = answer_to(asked(1)), answer_to(asked(28))
    assert for_address[:2] == b"\x12\x34"
    assert for_address.endswith(socket.inet_aton("127.0.0.1"))
    assert struct.unpack("!H", for_another[6:8]) == (0,)


def test_a_way_goes_on_when_what_is_behind_it_was_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as behind:
        port = behind.getsockname()[1]
    way = Way(port)
    with socket.create_connection(("127.0.0.1", way.port)) as asking:
        assert asking.recv(1) == b"", "nobody is there"
    with (
        socket.create_server(("127.0.0.1", port)) as behind,
        socket.create_connection(("127.0.0.1", way.port)) as asking,
    ):
        asking.sendall(b"x")
        there, _ = behind.accept()
        with there:
            assert there.recv(1) == b"x"
    way.cut()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", way.port))


def test_what_it_configures_is_a_configuration(tmp_path: Path) -> None:
    notices = Notices(4, 2, 1)
    try:
        installation = Installation(tmp_path, tmp_path, "", notices, 2525, console=True)
        installation.configure()
        settings = load_settings(installation.config)
    finally:
        notices.close()
    assert [source.name for source in settings.sources] == ["list0", "list1"]
    assert settings.console.port == installation.console_port


def _mail(subject: str, number: int) -> Envelope:
    mail = EmailMessage()
    mail["Subject"], mail["Message-ID"] = subject, f"<{len(subject)}@example.com>"
    mail.set_content(f"第{number:04d}号")
    envelope = Envelope()
    envelope.content, envelope.rcpt_tos = bytes(mail), ["li@example.com"]
    return envelope


def test_mails_are_counted_by_what_they_tell_and_a_summary_tells_nothing_new() -> None:
    server = LyingMailServer(1)
    for envelope in (_mail("a", 7), _mail("a", 7), _mail("【每周汇总】", 7)):
        server.keep(envelope)
    assert server.repeats == 1
    assert [numbers for numbers in server.told.values() if numbers] == [{7}]


def test_whatever_was_lost_is_bad_and_repeats_are_not() -> None:
    well = Losses(100, 500, 0, 0, 0, 0, 0, 0, 0, 0, 40, 4, 3.0, 0, settled=True)
    assert well.bad == 0
    assert Losses(100, 500, 1, 0, 0, 2, 0, 0, 0, 0, 40, 4, 3.0, 0, settled=False).bad == 4


def _soaked(growth: float, rounds: int = 300) -> Soaked:
    chance = random.Random(1)  # noqa: S311 - the same noise in every run
    samples = [
        Sample(
            number,
            150 + growth * number + chance.uniform(-1, 1) + 30 * (number < 20),
            40,
            10,
            20,
            30,
            100 * number,
        )
        for number in range(1, rounds + 1)
    ]
    return summarise(samples, sources=200, minutes=10, tracebacks=0, is_whole=True)


@pytest.mark.parametrize(("growth", "is_bad"), [(0.002, False), (0.05, True)])
def test_a_slope_is_measured_over_all_rounds_after_the_first_fifth(growth: float, is_bad: bool) -> None:
    soaked = _soaked(growth)
    assert soaked.megabytes_per_100_rounds == pytest.approx(100 * growth, abs=0.2)
    assert (soaked.bad > 0) is is_bad
    assert soaked.descriptors == "40 to 40"
    assert soaked.log_bytes_a_round == "100, 100 at most"


def test_what_fills_once_shows_in_the_first_half_alone_and_few_rounds_judge_no_growth() -> None:
    first, _, second = _soaked(0.0).first_half_and_second_half.partition(" and ")
    assert float(first) < -10, "what stands at the beginning is no growth either"
    assert abs(float(second)) < 0.5
    few = _soaked(0.05, rounds=100)
    assert not few.growth_is_judged
    assert few.bad == 0


def test_it_is_brief_unless_everything_is_asked_for() -> None:
    brief, full, own = (_arguments(words) for words in ([], ["--full"], ["--full", "--kills", "7"]))
    assert (brief.minutes, brief.kills, brief.workers) == (BRIEF["minutes"], BRIEF["kills"], [2])
    assert (full.rounds, full.sources, full.kills) == (FULL["rounds"], FULL["sources"], FULL["kills"])
    assert (own.kills, own.violations) == (7, FULL["violations"])
    assert {*_faults_of(brief, "sqlite"), *_faults_of(brief, "postgresql")} == {*FAULTS}
    assert _faults_of(full, "sqlite") == _faults_of(full, "postgresql") == [*FAULTS]
    assert _faults_of(_arguments(["--faults", "mail"]), "sqlite") == ["mail"]


def test_nothing_is_begun_once_the_time_is_up() -> None:
    seconds = iter((0.0, 60.0, 1170.0, 1171.0, 9000.0))
    left = Time(20, clock=lambda: next(seconds))
    assert left.left(3.0) == 3.0
    assert left.left() == pytest.approx(0.5)
    assert left.is_up
    assert left.left() == 0.0
