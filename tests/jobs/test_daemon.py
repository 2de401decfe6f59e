"""The real command line, as an operator runs it: ends, crashes, starts again."""

from __future__ import annotations

import json
import re
import signal
import threading
import time
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from tests.alerts.mailserver import free_port
from tests.parts.commands import Started
from tests.parts.house import listing, posting
from tests.parts.loopback import Answer, Site, answer
from tests.parts.operators import Operator

PLACES = "东南西北中前后左右上下高低长短大小新老青红白黑金木水火土山川河海江湖林田园城"


def wait_until(what: Callable[[], bool], seconds: float = 40) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.05)


def lines_until(process: Started, last: str) -> list[str]:
    """What the process says, up to the line that holds ``last``."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if last in line:
            return lines
    raise AssertionError("".join(lines))


def fill(site: Site, source: str, count: int) -> list[str]:
    """A source with ``count`` postings, each by an office of its own; their paths."""
    paths = [f"/{source}/20261101_{number}.html" for number in range(101, 101 + count)]
    titled = "".join(
        f"<li><a href='{path}'>{place}城街道办事处招聘公告</a><span>2026-11-01</span></li>"
        for path, place in zip(paths, PLACES, strict=False)
    )
    site[f"/{source}/"] = answer(f"<html><title>通知公告</title><ul>{titled}</ul></html>")
    for path, place in zip(paths, PLACES, strict=False):
        site[path] = posting(
            f"示例市{place}城街道办事处招聘出纳，须持有会计从业资格证书。",
            title=f"{place}城街道办事处招聘公告",
        )
    return paths


def slowly(send: Answer, over: threading.Event, seconds: float) -> Answer:
    def wait_and_send(handler: BaseHTTPRequestHandler) -> None:
        over.wait(seconds)
        send(handler)

    return wait_and_send


def look_at(url: str) -> str:
    with urllib.request.urlopen(url) as response:  # noqa: S310 - an address of this test's own daemon
        return str(response.read().decode())


def test_one_source_that_fails_leaves_the_others(operator: Operator, site: Site) -> None:
    fill(site, "good", 2)
    site["/broken/"] = answer("no", status=412)
    operator.configure("broken", "good", site=site, processes=1)
    ended = operator.run("run", "--once")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "broken：被拦截" in ended.stdout
    assert "good：正常，列表 1 页，页面 2 个" in ended.stdout
    assert operator.count("case") == 2
    assert len(set(operator.message_ids())) == len(operator.message_ids()) > 0


def test_running_again_finds_nothing_due_and_sends_nothing(operator: Operator, site: Site) -> None:
    fill(site, "good", 2)
    operator.configure("good", site=site)
    assert operator.run("run", "--once").returncode == 0
    mails = operator.message_ids()
    again = operator.run("run", "--once")
    assert again.returncode == 0
    assert "访问来源 0 个" in again.stdout
    assert re.search(
        r"^没有到期的来源：最近的是 good，\d{4}-\d\d-\d\d \d\d:\d\d$", again.stdout, re.MULTILINE
    )
    assert operator.message_ids() == mails


def test_a_wrong_configuration_ends_the_start_with_one_message(operator: Operator) -> None:
    (operator.folder / "qualwatch.toml").write_text('time_zone = "Asia/Shangai"')
    ended = operator.run("run", "--once")
    assert ended.returncode == 2
    assert "time_zone" in ended.stderr
    assert "Asia/Shangai" in ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout


def test_a_chat_that_cannot_work_ends_the_start_with_one_message(operator: Operator) -> None:
    chat = '[[chats]]\nname = "office"\nchannel = "sms"\nsecret_url = "https://example.com/hunter2"\n'
    (operator.folder / "qualwatch.toml").write_text(f"[sample]\nenabled = false\n{chat}")
    ended = operator.run("run", "--once")
    assert ended.returncode == 2
    assert "'office' 的 channel 为 'sms'" in ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout
    assert "hunter2" not in ended.stderr + ended.stdout


def test_mails_by_smtp_need_an_administrator(operator: Operator) -> None:
    (operator.folder / "qualwatch.toml").write_text(
        '[mail]\nchannel = "smtp"\n[mail.smtp]\nhost = "127.0.0.1"\n'
    )
    ended = operator.run("run", "--once")
    assert ended.returncode == 2
    assert ended.stderr.count("administrator = ") == 1
    assert "Traceback" not in ended.stderr


def test_a_directory_that_cannot_be_made_ends_the_start(operator: Operator) -> None:
    (operator.folder / "var").write_text("a file where the directory should be")
    ended = operator.run("run", "--once")
    assert ended.returncode == 2
    assert "storage.directory" in ended.stderr


def test_a_second_daemon_in_the_same_place_is_refused(operator: Operator, site: Site) -> None:
    fill(site, "good", 1)
    operator.configure("good", site=site)
    first = operator.start("run")
    lines_until(first, "visit_ended")
    second = operator.run("run", "--once")
    assert second.returncode == 2
    assert "已有 qualwatch" in second.stderr


def test_with_nothing_configured_the_sample_site_is_watched(operator: Operator) -> None:
    daemon = operator.start("run")
    begun = lines_until(daemon, "清单尚不完整")
    said = "".join(begun)
    assert "监测真实网站" in said
    assert begun[-1].rstrip().endswith("补全：qualwatch catalogue complete")
    assert (operator.folder / "qualwatch.toml").is_file()
    metrics = re.search(r"http://127\.0\.0\.1:\d+(?=/metrics)", said)
    assert metrics is not None
    assert str(operator.folder / "var" / "mail") in said
    assert "qualwatch source presets" in said
    assert operator.run("source", "test", "sample-notices").returncode == 0
    wait_until(lambda: operator.count("visit", "finished_at is not null") == 2)
    wait_until(lambda: operator.count("outbox_message", "state != 'sent'") == 0 and bool(operator.mails()))
    visited = re.compile(r'qualwatch_visits_total\{outcome="ok",source="sample-notices"\} 1\.0')
    wait_until(lambda: visited.search(look_at(f"{metrics[0]}/metrics")) is not None)  # read ahead
    counted = look_at(f"{metrics[0]}/metrics")
    assert re.search(r"qualwatch_detection_seconds_count [1-9]", counted)
    assert 'qualwatch_catalogue_items_expected{document="国发〔2016〕68号",region=""} 114.0' in counted
    assert json.loads(look_at(f"{metrics[0]}/healthz"))["status"] == "ok"
    daemon.send_signal(signal.SIGINT)
    said = daemon.communicate(timeout=20)[0]
    assert daemon.returncode == 0
    assert "Traceback" not in said
    assert "Warning" not in said


@pytest.mark.parametrize(
    ("words", "number", "code"),
    [
        (("run",), signal.SIGTERM, 0),
        (("run",), signal.SIGINT, 0),
        (("run", "--once"), signal.SIGTERM, 1),
    ],
)
def test_a_signal_in_mid_visit_ends_cleanly_and_the_visit_is_taken_up_again(
    operator: Operator, site: Site, words: tuple[str, ...], number: signal.Signals, code: int
) -> None:
    ended = threading.Event()
    for path in fill(site, "good", 30)[10:]:
        site[path] = slowly(site.answers[path], ended, 1)
    operator.configure("good", site=site, processes=1)
    daemon = operator.start(*words)
    wait_until(lambda: operator.count("document") >= 5)
    daemon.send_signal(number)
    said = daemon.communicate(timeout=20)[0]
    ended.set()
    assert daemon.returncode == code, said
    assert "Traceback" not in said
    assert operator.count("document") < 30
    assert operator.count("visit", "finished_at is null") == 1
    again = operator.run("run", "--once")
    assert again.returncode == 0, again.stdout
    assert "good：正常，列表 1 页，页面 30 个" in again.stdout
    assert operator.count("document") == 30
    assert operator.count("case") == 30


def test_a_kill_in_mid_visit_loses_nothing_and_sends_nothing_twice(operator: Operator, site: Site) -> None:
    fill(site, "good", 38)
    operator.configure("good", site=site, processes=1)
    for documents in (5, 20):
        daemon = operator.start("run")
        wait_until(lambda: operator.count("document") >= documents)  # noqa: B023 - called at once
        daemon.kill()
        daemon.communicate()
    again = operator.run("run", "--once")
    assert again.returncode == 0, again.stdout
    assert operator.count("document") == operator.count("document_version") == operator.count("case") == 38
    assert operator.count("visit", "finished_at is null") == 0
    mails = operator.message_ids()
    assert len(mails) == len(set(mails)) == operator.count("outbox_message")
    assert operator.count("outbox_message", "state != 'sent'") == 0


def test_one_wish_to_end_that_arrives_twice_ends_cleanly(operator: Operator, site: Site) -> None:
    fill(site, "good", 2)
    operator.configure("good", site=site)
    daemon = operator.start("run")
    wait_until(lambda: operator.count("visit", "finished_at is not null") == 1)
    for _ in range(3):  # as make and timeout do: to the process, then to its group
        daemon.send_signal(signal.SIGTERM)
        time.sleep(0.02)
    said = daemon.communicate(timeout=20)[0]
    assert daemon.returncode == 0, said
    assert "正在结束" in said
    assert not list((operator.folder / "var").glob("*-wal"))


def test_whoever_hears_that_it_is_well_may_end_it(operator: Operator, site: Site) -> None:
    """Also in its first moment, before anything repeats: as a container's engine does after a trial."""
    fill(site, "good", 2)
    operator.configure("good", site=site)
    port = free_port()
    config = operator.folder / "qualwatch.toml"
    config.write_text(config.read_text().replace("[metrics]\nport = 0", f"[metrics]\nport = {port}"))
    daemon = operator.start("run")

    def answers() -> bool:
        try:
            return bool(look_at(f"http://127.0.0.1:{port}/healthz"))
        except OSError:
            return False

    wait_until(answers)
    daemon.send_signal(signal.SIGTERM)
    said = daemon.communicate(timeout=30)[0]
    assert daemon.returncode == 0, said


def test_a_second_signal_ends_at_once(operator: Operator, site: Site) -> None:
    ended = threading.Event()
    for path in fill(site, "good", 3):
        site[path] = slowly(site.answers[path], ended, 30)
    operator.configure("good", site=site, processes=1)
    daemon = operator.start("run")
    wait_until(lambda: len(site.paths()) >= 2)
    daemon.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert daemon.poll() is None
    began = time.monotonic()
    daemon.send_signal(signal.SIGTERM)
    daemon.communicate(timeout=10)
    ended.set()
    assert time.monotonic() - began < 3
    assert daemon.returncode == 128 + signal.SIGTERM


def test_the_health_of_sources_is_listed(operator: Operator, site: Site) -> None:
    fill(site, "good", 2)
    site["/broken/"] = answer("no", status=404)
    operator.configure("good", "broken", site=site)
    operator.run("run", "--once")
    listed = operator.run("source", "list")
    assert listed.returncode == 0, listed.stderr
    assert re.search(r"^good\s+正常\s+\d\d-\d\d \d\d:\d\d\s+2\s+2\s+2\s", listed.stdout, re.MULTILINE)
    assert re.search(r"^broken\s+已失效", listed.stdout, re.MULTILINE)
    assert "请更新该来源的 url" in listed.stdout
    assert "共 2 个来源：正常 1，异常 1" in listed.stdout


def test_sources_are_listed_before_the_first_visit(operator: Operator, site: Site) -> None:
    operator.configure("good", site=site)
    listed = operator.run("source", "list")
    assert listed.returncode == 0, listed.stderr
    assert "待访问" in listed.stdout
    assert not (operator.folder / "var").exists()


@pytest.mark.long
def test_the_sources_of_the_sample_site_are_listed_once_it_was_visited(operator: Operator) -> None:
    nothing = operator.run("source", "list")
    assert nothing.returncode == 0, nothing.stderr
    assert "没有配置来源" in nothing.stdout
    assert "代号" not in nothing.stdout
    assert operator.run("run", "--once").returncode == 0
    listed = operator.run("source", "list")
    assert listed.returncode == 0, listed.stderr
    assert "没有配置来源" not in listed.stdout
    assert re.search(r"^sample-notices\s+正常.*\n示例站点 · 通知公告", listed.stdout, re.MULTILINE)
    assert re.search(r"^sample-board\s+正常.*\n示例站点 · 最新招聘", listed.stdout, re.MULTILINE)
    tried = operator.run("source", "test", "sample-notices")
    assert tried.returncode == 1, "nobody serves it now"
    assert "没有代号为" not in tried.stdout + tried.stderr


def test_a_source_is_tried_without_keeping_anything(operator: Operator, site: Site) -> None:
    fill(site, "good", 3)
    site["/good/"] = listing("/good/20261101_101.html", below="<a href='p2.html'>下一页</a>")
    site["/good/p2.html"] = listing("/good/20261101_102.html")
    operator.configure("good", site=site)
    tried = operator.run("source", "test", "good")
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert "列表第2页" in tried.stdout
    assert "会计从业资格证书" in tried.stdout
    assert not (operator.folder / "var").exists()


def test_trying_a_source_that_does_not_answer_says_what_to_do(operator: Operator, site: Site) -> None:
    site["/good/"] = answer("no", status=403)
    operator.configure("good", site=site)
    tried = operator.run("source", "test", "good")
    assert tried.returncode == 1
    assert "被拦截" in tried.stdout


def test_trying_an_unknown_source_names_the_known_ones(operator: Operator, site: Site) -> None:
    operator.configure("good", site=site)
    tried = operator.run("source", "test", "godo")
    assert tried.returncode == 2
    assert "good" in tried.stderr


def test_the_shipped_sources_are_listed_with_how_to_switch_them_on(operator: Operator) -> None:
    listed = operator.run("source", "presets")
    assert listed.returncode == 0
    assert "mohrss" in listed.stdout
    assert "presets = [" in listed.stdout
