"""``python -m eval.bench_desk``: every page of a desk with many cases, read by twenty people at once.

The desk is ``qualwatch console`` itself, over a database of its own: 200,000 cases in SQLite, 1,000,000 in a
real PostgreSQL. Each person opens a page, looks at it for a moment, and opens the next. What counts is the
time until the whole page is there; a page's 95th percentile is to be below 200 ms on two cores that do
nothing else.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import quote, urlsplit

from rich.console import Console
from rich.table import Table
from sqlmodel import Session, col, delete

from accounts import people, sessions, tokens
from accounts.people import Person
from eval.bench import Result
from eval.bench_desk_rows import Desk, fill
from eval.quality import ROOT
from settings.accounts import Accounts
from storage.database import open_database
from storage.migrate import upgrade
from storage.tables import ApiToken
from tests.parts.databases import run_postgresql
from vocabulary.areas import province_names
from vocabulary.people import Role

USERS = 20
SECONDS = 40.0
THINKING = 1.0
"""Seconds that somebody looks at a page, on average."""
WANTED = 200.0
"""Milliseconds."""
CASES: Mapping[str, int] = {"sqlite": 200_000, "postgresql": 1_000_000}
_COOKIE = "qualwatch_session"
Add = Callable[..., None]
_PAGES: Mapping[str, str] = {
    "今日": "/today",
    "案件": "/cases",
    "案件, later part": "/cases?after={later}",
    "案件, all, by risk": "/cases?state=all&order=severity&size=200",
    "案件, by deadline": "/cases?order=deadline",
    "案件, by change": "/cases?state=all&order=changed",
    "案件, overdue": "/cases?state=overdue&order=deadline",
    "案件, due soon": "/cases?due=soon",
    "案件, waiting": "/cases?state=all&waiting=rebound",
    "案件, mine": "/cases?assignee={email}",
    "案件, nobody's": "/cases?assignee=-",
    "案件, region": "/cases?region=350100&state=all",
    "案件, department": "/cases?department=%E8%B4%A2%E6%94%BF%E9%83%A8",
    "案件, source": "/cases?source=source7&state=all",
    "案件, certificate": "/cases?qualification={certificate}&state=all",
    "案件, publisher": "/cases?publisher={office}&state=all",
    "案件, old": "/cases?age=300",
    "案件, to be confirmed": "/cases?review=yes",
    "search, common": "/cases?q={common}&state=all",
    "search, rare": "/cases?q={rare}&state=all",
    "search, nothing": "/cases?q={nothing}&state=all",
    "案件页": "/cases/{case}",
    "whole text": "/cases/{case}/text/{case}",
    "来源": "/sources",
    "one source": "/sources/source7",
    "自查": "/check",
    "account": "/account",
    "API, list": "/api/v1/cases?limit=100",
    "API, case": "/api/v1/cases/{case}",
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who is signed in."""

    email: str
    headers: Mapping[str, str]
    sees_all: bool


@dataclass
class Measured:
    """Milliseconds by page."""

    times: dict[str, list[float]] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)

    def percentile(self, name: str) -> float:
        times = self.times[name]
        return quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]


def measure_desk(add: Add, database: str, url: str, options: argparse.Namespace) -> None:
    """Fill the empty database at ``url``, serve the desk over it, and measure every page."""
    cases = options.cases or CASES[database]
    readers = _readers(url) if options.filled else _fill(url, cases)
    with _served(url) as address:
        _read(address, readers[:1], cases, 1.0, 0.0)
        for users, thinking in ((1, 0.0), (options.users, THINKING)):
            measured = _read(address, readers[:users], cases, options.seconds, thinking)
            label = f"{database}, {cases:,} cases, {users} at once"
            for name, times in measured.times.items():
                wanted = {"wanted": WANTED, "bound": "most"} if users > 1 else {}
                add(f"{label}: {name}, median", median(times), "ms")
                add(f"{label}: {name}, 95 %", measured.percentile(name), "ms", **wanted)
            add(f"{label}: read", sum(map(len, measured.times.values())) / options.seconds, "pages/s")
            add(f"{label}: failed", sum(measured.failed.values()), "pages", wanted=0, bound="most")


def _fill(url: str, cases: int) -> list[Reader]:
    engine = open_database(url)
    upgrade(engine)
    emails = [f"reader{number}@example.com" for number in range(USERS)]
    fill(engine, Desk(cases, emails, datetime.now(UTC)))
    engine.dispose()
    return _readers(url)


def _readers(url: str) -> list[Reader]:
    """Everybody, signed in now."""
    engine, now = open_database(url), datetime.now(UTC)
    upgrade(engine)
    with Session(engine) as session, session.begin():
        readers = [_reader(session, number, f"reader{number}@example.com", now) for number in range(USERS)]
    engine.dispose()
    return readers


def _reader(session: Session, number: int, email: str, now: datetime) -> Reader:
    """Two administrators; the others answer for a province, and some for a department there."""
    regions, sees_all = list(province_names()), number in {0, 10}
    person = Person(
        email,
        f"科员{number}",
        Role.ADMINISTRATOR if sees_all else Role.REVIEWER,
        () if sees_all else (regions[number],),
        ("财政厅",) if number % 5 == 4 else (),
    )
    account = people.find(session, email) or people.add(session, person, actor=email, now=now)
    session.flush()
    session.execute(delete(ApiToken).where(col(ApiToken.account_id) == account.id))  # of an earlier run
    rules = Accounts()
    cookie = sessions.begin(session, account, rules, now, "", "")
    token = tokens.make(session, account, "bench", rules, reads_only=True, actor=email, now=now)
    return Reader(email, {"Cookie": f"{_COOKIE}={cookie}", "Authorization": f"Bearer {token}"}, sees_all)


@contextmanager
def _served(url: str) -> Iterator[str]:
    """The address of ``qualwatch console`` over that database."""
    with tempfile.TemporaryDirectory() as folder:
        said = {"STORAGE__DATABASE": url, "CONSOLE__PORT": "0"}
        said["STORAGE__DIRECTORY"] = folder
        source = '[[sources]]\nname = "source7"\nurl = "https://hr7.example.com/"\n'
        (Path(folder) / "qualwatch.toml").write_text(source, "utf-8")
        environment = os.environ | {f"QUALWATCH_{name}": value for name, value in said.items()}
        program = subprocess.Popen(
            [sys.executable, "-m", "qualwatch", "console"],
            cwd=folder,
            env=environment | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert program.stdout is not None  # noqa: S101 - a pipe was asked for
            address = next(line.split()[-1] for line in program.stdout if line.startswith("工作台"))
            with ThreadPoolExecutor(1) as reading:
                reading.submit(lambda: [None for _ in program.stdout or ()])
                yield address
                program.send_signal(signal.SIGTERM)
        finally:
            program.terminate()
            program.wait()


def _read(address: str, readers: list[Reader], cases: int, seconds: float, thinking: float) -> Measured:
    measured, until = Measured(), time.monotonic() + seconds

    def read_all(number: int) -> None:
        """One person's reading: all pages in an order of their own, again and again."""
        reader, chance = readers[number], random.Random(number)  # noqa: S311 - an order, not a secret
        while True:
            for name in chance.sample(list(_PAGES), len(_PAGES)):
                _read_one(measured, address, reader, name, _values(reader, chance, cases))
                time.sleep(chance.expovariate(1 / thinking) if thinking else 0)
                if time.monotonic() > until:
                    return

    with ThreadPoolExecutor(len(readers)) as there:
        list(there.map(read_all, range(len(readers))))
    return measured


def _read_one(
    measured: Measured, address: str, reader: Reader, name: str, values: Mapping[str, object]
) -> None:
    began = time.perf_counter()
    status = _get(address, _PAGES[name].format_map(values), reader)
    taken = 1000 * (time.perf_counter() - began)
    if status == 200:
        measured.times.setdefault(name, []).append(taken)
    elif status != 404 or reader.sees_all or "{case}" not in _PAGES[name]:  # else it is not theirs
        measured.failed[name] = measured.failed.get(name, 0) + 1


def _get(address: str, path: str, reader: Reader) -> int:
    """The status of a page that was read to its end; 0 where there was no answer."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    try:
        connection.request("GET", path, headers=dict(reader.headers))
        answer = connection.getresponse()
        answer.read()
    except OSError:
        return 0
    finally:
        connection.close()
    return answer.status


def _values(reader: Reader, chance: random.Random, cases: int) -> dict[str, object]:
    return {
        "email": quote(reader.email),
        "case": chance.randrange(1, cases + 1),
        "later": chance.randrange(1, cases + 1),
        "certificate": quote("会计从业资格"),
        "office": quote("福州市"),
        "common": quote("招聘公告"),
        "rare": quote(f"{chance.randrange(1, cases + 1)}号"),
        "nothing": quote("宇航员驾驶"),
    }


def main(arguments: list[str] | None = None) -> int:
    options = _read_options(arguments)
    results: list[Result] = []

    def add(name: str, value: float, unit: str, **wanted: object) -> None:
        results.append(Result(name, value, unit, **wanted))  # type: ignore[arg-type]

    said = Console(stderr=True)
    for database in options.databases:
        said.print(f"{database} …")
        with nullcontext(options.filled) if options.filled else _empty(database) as url:
            measure_desk(add, database, url, options)
    Console().print(_table(results))
    if options.json is not None:
        report = [{**asdict(result), "holds": result.holds} for result in results]
        options.json.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return 0


@contextmanager
def _empty(database: str) -> Iterator[str]:
    """Address of a database without tables; it goes afterwards."""
    if database == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'desk.sqlite3'}"
        return
    running = run_postgresql()
    yield next(running).empty()
    next(running, None)


def _read_options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m eval.bench_desk", description=__doc__)
    parser.add_argument("databases", nargs="*", choices=[*CASES, []], help="both, where none is named")
    parser.add_argument("--cases", type=int, default=0, help="instead of 200,000 and 1,000,000")
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long they read")
    parser.add_argument(
        "--filled",
        default="",
        metavar="URL",
        help="read this database, which was filled before, with as many cases",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    options = parser.parse_args(arguments)
    options.databases = options.databases or list(CASES)
    return options


def _table(results: list[Result]) -> Table:
    table = Table(title="the desk")
    for column in ("measured", "value", "unit", "wanted"):
        table.add_column(column, justify="right" if column in {"value", "wanted"} else "left")
    for result in results:
        wanted = "" if result.wanted is None else f"≤ {result.wanted:g}"
        style = {True: "green", False: "red", None: None}[result.holds]
        table.add_row(result.name, f"{result.value:.1f}", result.unit, wanted, style=style)
    return table


if __name__ == "__main__":
    sys.exit(main())
