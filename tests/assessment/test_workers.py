from __future__ import annotations

import gc
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from assessment.reading import Answer, Assessment, Known, ReadingError, assess
from assessment.workers import WorkError, Workers, WorkersEndedError, WorkMemoryError, WorkTimeoutError
from vocabulary.codes import Outcome

TODAY = date(2026, 11, 21)
POSTING = "<html><title>{}</title><p>招聘出纳1名，须持有会计从业资格证书。</p>{}</html>"


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(1, timeout_seconds=2) as running:
        yield running


def read(body: str, known: Known | None = None) -> Assessment:
    return assess(Answer(body.encode(), "text/html"), known or Known("http://a.example.cn/1.html"), TODAY)


def own_process() -> int:
    return os.getpid()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_tasks_run_in_another_process(workers: Workers) -> None:
    assert workers.run(own_process) != os.getpid()


def test_what_all_processes_share_is_left_alone_by_their_collections(workers: Workers) -> None:
    """Else each has a copy of all tables of its own after the first of them, which looks like a leak."""
    assert workers.run(gc.get_freeze_count) > 10_000


def test_a_page_is_read_and_judged_in_a_worker(workers: Workers) -> None:
    answer = Answer(POSTING.format("招聘公告", "").encode("gbk"), "text/html")
    reading = workers.run(assess, answer, Known("http://a.example.cn/1.html"), TODAY)
    assert [finding.quote for finding in reading.result.findings] == ["会计从业资格证书"]
    assert reading.result.as_of == TODAY


def test_what_a_task_raises_arrives_with_its_outcome(workers: Workers) -> None:
    with pytest.raises(ReadingError) as caught:
        workers.run(assess, Answer(b"<html></html>"), Known("http://a.example.cn/1"), TODAY)
    assert caught.value.outcome is Outcome.EMPTY


def test_a_task_that_takes_too_long_is_ended_and_the_next_goes_on(workers: Workers) -> None:
    began = time.monotonic()
    with pytest.raises(WorkTimeoutError):
        workers.run(time.sleep, 60)
    assert time.monotonic() - began < 10
    assert workers.run(own_process)


def test_a_process_that_dies_loses_only_its_task(workers: Workers) -> None:
    with pytest.raises(WorkError, match="died"):
        workers.run(die)
    assert workers.run(own_process)


def cannot_be_read(why: str) -> None:
    raise ReadingError(Outcome.EMPTY, why)


def break_down(why: str) -> None:
    raise LookupError(why)


def test_short_tasks_are_handed_over_together_and_fail_alone(workers: Workers) -> None:
    """Also where one of them takes its process with it, or its time: the others are done again."""
    tasks: list[tuple[Callable[..., object], tuple[object, ...]]] = [
        *((pow, (number, 2)) for number in range(20)),
        *((cannot_be_read, ("nothing there",)), (break_down, ("a mistake",)), (die, ()), (time.sleep, (60,))),
    ]

    def attempt(order: tuple[Callable[..., object], tuple[object, ...]]) -> object:
        try:
            return workers.run_beside(order[0], *order[1])
        except Exception as error:  # noqa: BLE001 - looked at by the test
            return error

    with ThreadPoolExecutor(len(tasks)) as threads:
        *squares, unread, broken, died, late = threads.map(attempt, tasks)
    assert squares == [number**2 for number in range(20)]
    assert isinstance(unread, ReadingError)
    assert unread.detail == "nothing there"
    assert isinstance(broken, LookupError)
    assert isinstance(died, WorkError)
    assert isinstance(late, WorkTimeoutError)


def test_after_the_end_no_short_task_is_begun() -> None:
    ended = Workers(1, timeout_seconds=5)
    ended.abort()
    with pytest.raises(WorkersEndedError):
        ended.run_beside(own_process)


def fill_memory() -> int:
    return len(bytearray(400 << 20))


def abort() -> None:
    os.abort()


def test_a_task_that_needs_too_much_memory_fails_alone() -> None:
    with Workers(1, timeout_seconds=20, memory_megabytes=200) as small:
        with pytest.raises(WorkMemoryError, match="200 MB"):
            small.run(fill_memory)
        with pytest.raises(WorkError, match="too much memory"):
            small.run(abort)
        assert read_in(small).result.findings


def read_in(workers: Workers) -> Assessment:
    answer = Answer(POSTING.format("招聘公告", "").encode(), "text/html")
    return workers.run(assess, answer, Known("http://a.example.cn/1.html"), TODAY)


def test_without_processes_tasks_run_here() -> None:
    with Workers(0, timeout_seconds=1) as here:
        assert here.run(own_process) == os.getpid()


def test_after_the_end_nothing_is_begun() -> None:
    ended = Workers(1, timeout_seconds=5)
    ended.run(own_process)
    ended.abort()
    with pytest.raises(WorkersEndedError):
        ended.run(own_process)


def test_the_day_of_publication_decides_the_standing() -> None:
    """The certificate was cancelled on 2017-11-05; a posting of the year before is lawful."""
    known = Known("http://a.example.cn/1.html", published_on=date(2016, 5, 1))
    reading = read(POSTING.format("招聘公告", ""), known)
    assert reading.result.as_of == date(2016, 5, 1)
    assert reading.result.findings == ()


def test_a_day_in_the_future_is_not_believed() -> None:
    known = Known("http://a.example.cn/1.html", published_on=date(2126, 5, 1))
    assert read(POSTING.format("招聘公告", ""), known).result.as_of == TODAY


def test_attachments_are_found_by_address_and_by_shown_name() -> None:
    links = (
        "<a href='/f/1.XLSX'>职位表</a><a href='/download?id=7'>附件2：报名表.doc</a>"
        "<a href='/f/1.XLSX'>再次</a><a href='/b.html'>相关阅读</a><a href='javascript:x()'>附件.pdf</a>"
    )
    reading = read(POSTING.format("招聘公告", links))
    assert [(link.url, link.text) for link in reading.attachments] == [
        ("http://a.example.cn/f/1.XLSX", "职位表"),
        ("http://a.example.cn/download?id=7", "附件2：报名表.doc"),
    ]


def test_an_attachment_belongs_to_its_page() -> None:
    known = Known(
        "http://a.example.cn/f/1.txt",
        title="职位表.txt",
        publisher="示例市人民医院",
        published_on=date(2020, 5, 1),
        is_attachment=True,
        parent_title="示例市人民医院招聘公告",
    )
    answer = Answer("出纳 须持有会计从业资格证书".encode(), "text/plain", name="1.txt")
    reading = assess(answer, known, TODAY)
    assert reading.title == "示例市人民医院招聘公告（附件：职位表.txt）"
    assert (reading.publisher, reading.published_on) == ("示例市人民医院", date(2020, 5, 1))
    assert reading.result.as_of == date(2020, 5, 1)


def test_a_web_page_in_place_of_a_file_is_no_attachment() -> None:
    known = Known("http://a.example.cn/f/1.pdf", is_attachment=True)
    with pytest.raises(ReadingError) as caught:
        read("<html><body>文件不存在</body></html>", known)
    assert caught.value.outcome is Outcome.UNREADABLE_ATTACHMENT


def test_a_broken_file_is_an_unreadable_attachment() -> None:
    with pytest.raises(ReadingError) as caught:
        assess(
            Answer(b"PK\x03\x04" + bytes(400), name="1.docx"),
            Known("http://a.example.cn/f/1.docx", is_attachment=True),
            TODAY,
        )
    assert caught.value.outcome is Outcome.UNREADABLE_ATTACHMENT
