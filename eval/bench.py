"""``make bench``: speed and memory of detection, of ``qualwatch check`` and of visits, as ratios in one run.

The yardstick is pyahocorasick's bare ``iter`` over the same texts with the same names: it finds names and
knows nothing of them. Times are CPU seconds of the faster of several rounds, except for two processes against
one, which are seconds by the clock and need two cores that do nothing else.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import ahocorasick  # type: ignore[import-not-found]  # no stubs
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from catalogue import load_catalogue
from cli.checking.records import BATCH_LINES
from detection import scan
from detection.detector import Asked, detector_of
from eval.bench_visits import measure_visits
from eval.corpus import generate_pool, hostile_texts, read_pool
from eval.quality import OWN, ROOT, SHARED

POOL = SHARED / "corpus" / "pool.jsonl.gz"
AS_OF = date(2026, 11, 1)
ROUNDS = 3
HOSTILE_BYTES = 20_000_000
PAGES = 4_000
"""In four lists; a visit reads 5,000 items at most, so that there may be 20,000."""
DEAREST_BYTES = 190_000
"""The densest text is dearest per byte up to here: the longest text of which every hit is read."""
SLOW = 10.0
"""Times the pool's cost per byte from which a hostile text is not tried at its full size."""
LAUNCHER = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
"""
"""A child's peak memory begins with that of the process which starts it: a small one does."""
SHORT = "青禾物业有限公司\n任职要求：\n1、须持有物业管理师证书；\n2、有健康证。\n"


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    value: float
    unit: str
    wanted: float | None = None
    bound: Literal["least", "most"] = "least"

    @property
    def holds(self) -> bool | None:
        if self.wanted is None:
            return None
        return self.value >= self.wanted if self.bound == "least" else self.value <= self.wanted


@dataclass(slots=True)
class Bench:
    """One run: the texts, and what was measured on them."""

    texts: list[dict[str, Any]]
    rounds: int
    hostile_bytes: int
    results: list[Result]
    searched: float = 0.0
    """CPU seconds of the bare search over the texts."""

    @property
    def megabytes(self) -> float:
        return sum(len(record["text"].encode("utf-8", "replace")) for record in self.texts) / 1e6

    def add(self, name: str, value: float, unit: str, **wanted: Any) -> None:
        self.results.append(Result(name, value, unit, **wanted))


def _fastest(measured: Callable[[], object], rounds: int) -> float:
    """CPU seconds of the fastest round."""
    seconds = []
    for _ in range(rounds):
        started = time.process_time()
        measured()
        seconds.append(time.process_time() - started)
    return min(seconds)


def measure_scan(bench: Bench) -> None:
    """Detection with verdicts and explanations against the bare search for the same names."""
    automaton: Any = ahocorasick.Automaton()
    names = load_catalogue().names()
    for name in names:
        automaton.add_word(name, name)
    automaton.make_automaton()
    scan(SHORT, as_of=AS_OF)

    detector = detector_of(load_catalogue())

    def judge() -> None:
        for record in bench.texts:
            scan(record["text"], as_of=AS_OF, title=record["title"], publisher=record["publisher"])

    def judge_batches() -> None:
        for place in range(0, len(bench.texts), BATCH_LINES):
            batch = bench.texts[place : place + BATCH_LINES]
            detector.scan_all(
                [Asked(each["text"], AS_OF, each["title"], each["publisher"]) for each in batch]
            )

    def search() -> None:
        for record in bench.texts:
            for _ in automaton.iter(record["text"]):
                pass

    judged, searched = _fastest(judge, bench.rounds), _fastest(search, bench.rounds)
    batched = _fastest(judge_batches, bench.rounds)
    bench.searched = searched
    bench.add("detection.scan", bench.megabytes / judged, "MB/s")
    bench.add(f"pyahocorasick iter, {len(names)} names", bench.megabytes / searched, "MB/s")
    bench.add("scan against bare iter", searched / judged, "times", wanted=0.5)
    bench.add(f"scan, {BATCH_LINES} texts a batch, against it", searched / batched, "times", wanted=0.5)


def measure_hostile(bench: Bench) -> None:
    """Cost per byte of texts made to hurt, against the pool; a slow one stays small."""
    judged = next(result.value for result in bench.results if result.name == "detection.scan")
    sample = max(1, bench.hostile_bytes // 40)
    small = hostile_texts(sample)
    for name in small:
        times_pool = _cost_per_byte(small[name]) * judged
        if times_pool < SLOW:
            times_pool = _cost_per_byte(hostile_texts(bench.hostile_bytes)[name]) * judged
        bench.add(f"hostile, per byte: {name}", times_pool, "times", wanted=3.0, bound="most")
    dense = hostile_texts(DEAREST_BYTES)["nested 或"]
    seconds = _fastest(lambda: scan(dense, as_of=AS_OF), bench.rounds)
    count = len(scan(dense, as_of=AS_OF).mentions)
    bench.add(
        f"nested 或, {DEAREST_BYTES // 1000} KB with {count:,} mentions, CPU",
        seconds,
        "s",
        wanted=1.0,
        bound="most",
    )


def _cost_per_byte(text: str) -> float:
    """CPU seconds per megabyte of one text."""
    started = time.process_time()
    scan(text, as_of=AS_OF)
    return (time.process_time() - started) / (len(text.encode()) / 1e6)


@dataclass(frozen=True, slots=True)
class Usage:
    cpu_seconds: float
    clock_seconds: float
    peak_megabytes: float


def run_check(*arguments: str) -> Usage:
    """Runs the real command to its end, its answer thrown away. Raises RuntimeError where it fails."""
    command = [
        sys.executable,
        "-c",
        LAUNCHER,
        sys.executable,
        "-m",
        "qualwatch",
        "check",
        *arguments,
    ]
    started = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, cwd=ROOT, check=True)
    seconds = time.perf_counter() - started
    code, cpu, peak = done.stdout.split()
    if int(code) not in {0, 1}:
        raise RuntimeError(f"qualwatch check exits {int(code)}")
    return Usage(float(cpu), seconds, float(peak))


def measure_start(bench: Bench, folder: Path) -> None:
    path = folder / "short.txt"
    path.write_text(SHORT, "utf-8")
    runs = [run_check(str(path)) for _ in range(bench.rounds + 2)]
    cpu = min(run.cpu_seconds for run in runs)
    bench.add("start-up on one short file, CPU", cpu, "s", wanted=0.5, bound="most")
    peak = max(run.peak_megabytes for run in runs)
    bench.add("start-up on one short file, peak memory", peak, "MB", wanted=120, bound="most")


def measure_streaming(bench: Bench, folder: Path) -> None:
    """Memory over a quarter of the texts and over all of them; one process and two."""
    quarter, whole = folder / "quarter.jsonl", folder / "whole.jsonl"
    _write_records(bench.texts[: len(bench.texts) // 4], quarter)
    _write_records(bench.texts * 2, whole)
    options = ("--as-of", AS_OF.isoformat(), "--format", "jsonl", "--all")
    small = run_check(*options, str(quarter))
    large = run_check(*options, str(whole))
    bench.add("peak memory, all texts twice", large.peak_megabytes, "MB", wanted=150, bound="most")
    bench.add("check, start included, against bare iter", 2 * bench.searched / large.cpu_seconds, "times")
    growth = large.peak_megabytes / small.peak_megabytes
    bench.add("peak memory, against a quarter of them", growth, "times", wanted=1.2, bound="most")
    clocks: dict[int, list[float]] = {1: [large.clock_seconds], 2: []}
    for _ in range(bench.rounds):  # in turn, so that what else the machine does meets both
        for jobs, seconds in clocks.items():
            seconds.append(run_check(*options, "--jobs", str(jobs), str(whole)).clock_seconds)
    bench.add("check --jobs 1", bench.megabytes * 2 / min(clocks[1]), "MB/s")
    bench.add("two processes against one", min(clocks[1]) / min(clocks[2]), "times", wanted=1.8)


def _write_records(records: list[dict[str, Any]], path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def main(arguments: list[str] | None = None) -> int:
    options = _read_options(arguments)
    console = Console(stderr=True)
    if not POOL.is_file():
        console.print("../shared is not here: measured on generated texts of the same make-up")
    texts = list(read_pool(POOL) if POOL.is_file() else generate_pool(OWN.gold))[:: options.every]
    bench = Bench(texts, options.rounds, options.hostile_bytes, [])
    with tempfile.TemporaryDirectory() as name, _progress(console, 7) as step:
        folder = Path(name)
        step("scan")
        measure_scan(bench)
        step("hostile texts")
        measure_hostile(bench)
        step("start-up")
        measure_start(bench, folder)
        step("streaming")
        measure_streaming(bench, folder)
        if options.pages:
            measure_visits(bench.add, folder, options.pages, lambda what: step(f"visits: {what}"))
    Console().print(_table(bench))
    report = {"documents": len(texts), "megabytes": bench.megabytes, "results": _to_json(bench.results)}
    written = json.dumps(report, ensure_ascii=False, indent=2)
    if options.json is None:
        print(written)
    else:
        options.json.write_text(written + "\n", "utf-8")
    return 0


def _read_options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m eval.bench", description=__doc__)
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the JSON there instead of printing it"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="the fastest of so many rounds counts")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take every Nth text only")
    parser.add_argument("--hostile-bytes", type=int, default=HOSTILE_BYTES, help="size of each hostile text")
    parser.add_argument(
        "--pages", type=int, default=PAGES, help="pages of the site that is visited; 0: none is"
    )
    parser.add_argument("--quick", action="store_true", help="less of everything, in under two minutes")
    options = parser.parse_args(arguments)
    if options.quick:
        options.rounds, options.every, options.hostile_bytes, options.pages = 1, 20, 1_000_000, 800
    return options


@contextmanager
def _progress(console: Console, steps: int) -> Iterator[Callable[[str], None]]:
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("", total=steps)
        done = iter(range(steps))

        def step(title: str) -> None:
            progress.update(task, description=title, completed=next(done))

        yield step


def _table(bench: Bench) -> Table:
    table = Table(title=f"{len(bench.texts)} documents, {bench.megabytes:.1f} MB")
    for column, justify in (("measured", "left"), ("value", "right"), ("unit", "left"), ("wanted", "right")):
        table.add_column(column, justify="right" if justify == "right" else "left")
    for result in bench.results:
        sign = "≥" if result.bound == "least" else "≤"
        wanted = "" if result.wanted is None else f"{sign} {result.wanted:g}"
        style = {True: "green", False: "red", None: None}[result.holds]
        table.add_row(result.name, f"{result.value:.2f}", result.unit, wanted, style=style)
    return table


def _to_json(results: list[Result]) -> list[dict[str, Any]]:
    return [{**asdict(result), "holds": result.holds} for result in results]


if __name__ == "__main__":
    sys.exit(main())
