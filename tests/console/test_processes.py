"""A desk that two processes serve is one desk: whichever answers knows what the other one did."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from console.desk import CODES_PER_MINUTE
from tests.accounts.office import PASSWORD
from tests.console.visitor import Seat
from tests.parts.operators import Operator

WRONG = "秋天里的第19只云雀"
_SECONDS = 90.0


@dataclass
class Served:
    """A desk of two processes."""

    url: str
    program: subprocess.Popen[str]
    first_link: str

    @property
    def other(self) -> int:
        """The process beside the one that was started."""
        (found,) = _beside(self.program.pid)
        return found

    def answers(self) -> bool:
        return requests.get(f"{self.url}/static/console.css", timeout=_SECONDS).status_code == 200

    def make_first_account(self) -> Seat:
        """Somebody who has an account, and has signed in."""
        seat = Seat(self.url)
        seat.session.headers["Connection"] = "close"  # which would lead to the same process again
        said = {"email": "boss@example.com", "name": "主任", "password": PASSWORD, "again": PASSWORD}
        assert seat.send(self.first_link, **said).status_code == 303
        return seat

    @contextlib.contextmanager
    def answered_by(self, process: int) -> Iterator[None]:
        """Everything within the block by that one: the other one stands still meanwhile."""
        (idle,) = {self.program.pid, self.other} - {process}
        _stop(idle)
        try:
            yield
        finally:
            os.kill(idle, signal.SIGCONT)


@pytest.fixture
def served(operator: Operator) -> Served:
    operator.environment |= {"QUALWATCH_CONSOLE__PORT": "0", "QUALWATCH_DETECTION__PROCESSES": "0"}
    program = operator.start_alone("console", "--processes", "2")
    assert program.stdout is not None
    url = next(line.split()[-1] for line in program.stdout if line.startswith("工作台"))
    first = next(line for line in program.stdout if line.startswith("尚无账号"))
    served = Served(url, program, re.findall("http://[^ ]+", first)[0])
    _until(lambda: _serves(served.other))
    return served


def _stop(process: int) -> None:
    """Have a process stand still, but not while it writes: who waits for its lock would wait for ever."""
    while True:
        os.kill(process, signal.SIGSTOP)
        _until(lambda: Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "T")
        locks = (line.split() for line in Path("/proc/locks").read_text().splitlines())
        if not any(lock[3:5] == ["WRITE", str(process)] for lock in locks):
            return
        os.kill(process, signal.SIGCONT)
        time.sleep(0.05)


def _beside(process: int) -> list[int]:
    """The processes that ``process`` began to answer beside it."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            is_its = fields[0] != "Z" and int(fields[1]) == process
            if is_its and b"spawn_main" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def _serves(process: int) -> bool:
    """Whether it waits for connections."""
    with contextlib.suppress(OSError):
        files = list(Path(f"/proc/{process}/fd").iterdir())
        return any("eventpoll" in os.readlink(file) for file in files)  # noqa: PTH115 - it links to no file
    return False


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_what_one_process_did_the_other_one_knows(served: Served) -> None:
    one, other = served.program.pid, served.other
    with served.answered_by(one):
        seat = served.make_first_account()
    with served.answered_by(other):
        assert requests.get(served.first_link, timeout=_SECONDS).status_code == 403, "it opens once"
        assert seat.get("/today").status_code == 200, "the session is known"
        key = seat.key
    with served.answered_by(one):
        saved = seat.post("/views", {**key, "name": "逾期", "query": "state=overdue"})
        assert saved.status_code == 303, "a form of a page of the other process"
    with served.answered_by(other):
        assert "逾期" in seat.page("/cases").words
        assert seat.post("/leave", key).status_code == 303
    with served.answered_by(one):
        assert seat.get("/today").headers["Location"].startswith("/login"), "the session has ended"


def test_tries_are_counted_over_both_processes(served: Served) -> None:
    one, other = served.program.pid, served.other
    statuses = []
    for process in (one, other):
        with served.answered_by(process):
            for _ in range(CODES_PER_MINUTE // 2 + 1):
                wrong = requests.get(f"{served.url}/answer?code=17-AAAA-AAAA-AAAA", timeout=_SECONDS)
                statuses.append(wrong.status_code)
    assert [status == 429 for status in statuses] == [False] * CODES_PER_MINUTE + [True] * 2
    served.make_first_account()
    refused = []
    for process in (one, other):
        with served.answered_by(process):
            for _ in range(3):
                login = Seat(served.url).send("/login", email="boss@example.com", password=WRONG)
                refused.append(login.status_code)
    assert refused == [401] * 5 + [429]


def test_a_process_that_dies_is_begun_again_and_nobody_waits_meanwhile(served: Served) -> None:
    died = served.other
    os.kill(died, signal.SIGKILL)
    assert served.answers()
    _until(lambda: len(_beside(served.program.pid)) == 1 and served.other != died)
    _until(lambda: _serves(served.other))
    with served.answered_by(served.other):
        assert served.answers()


def test_both_end_with_a_signal_and_with_each_other(served: Served) -> None:
    other = served.other
    served.program.send_signal(signal.SIGTERM)
    said = served.program.communicate(timeout=_SECONDS)[0]
    assert (served.program.returncode, "正在结束" in said, "Traceback" in said) == (0, True, False)
    assert not Path(f"/proc/{other}").exists()


def test_where_the_first_one_is_killed_the_other_one_ends(served: Served) -> None:
    other = served.other
    served.program.kill()
    served.program.wait()
    _until(lambda: not _is_there(other))


def _is_there(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text(errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
