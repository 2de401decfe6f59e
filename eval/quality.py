"""``make eval``: the quality of ``qualwatch check`` on labelled documents, beside a keyword trigger.

Measures every labelled set that is there; exits 1 where a figure of one is below its floor in
``floors.toml``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from eval.baseline import keyword_answers
from eval.floors import FLOORS, digest, find_breaches, lower_floors, raise_floors, read_floors, write_floors
from eval.scoring import Score, read_lines, score

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
AS_OF = date(2026, 11, 1)


@dataclass(frozen=True, slots=True)
class Corpus:
    name: str
    gold: Path
    scorer: Path | None
    """A script that scores; None: the project's own scorer."""


SCORER = SHARED / "eval" / "score.py"
OWN = Corpus("gold", Path(__file__).parent / "gold.jsonl", None)
SHARED_CORPORA = (
    Corpus("dev-gold", SHARED / "corpus" / "dev-gold.jsonl", SCORER),
    Corpus("dev-gold-2", SHARED / "corpus" / "dev-gold-2.jsonl", SCORER),
)
"""The second holds documents of other sources and kinds than the first."""


class CheckFailedError(RuntimeError):
    """The command under test did not end as it should."""


def choose_corpora(*, own: bool = False) -> tuple[Corpus, ...]:
    """The labelled documents beside the project where they are, else the project's own smaller set."""
    there = tuple(
        corpus
        for corpus in SHARED_CORPORA
        if corpus.gold.is_file() and corpus.scorer is not None and corpus.scorer.is_file()
    )
    return there if there and not own else (OWN,)


def run_check(gold: Path, answers: Path) -> None:
    """Runs the real command on the documents. Raises CheckFailedError where it does not end with 0 or 1."""
    options = ["--as-of", AS_OF.isoformat(), "--format", "jsonl", "--all"]
    command = [sys.executable, "-m", "qualwatch", "check", *options, str(gold)]
    with answers.open("wb") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, cwd=ROOT, check=False)
    if done.returncode not in {0, 1}:
        raise CheckFailedError(f"qualwatch check exits {done.returncode}: {done.stderr.decode()[-500:]}")


def score_answers(corpus: Corpus, answers: Path) -> Score:
    """The figures of one file of answers, by the corpus's own scorer."""
    if corpus.scorer is None:
        return score(read_lines(corpus.gold), {answer["id"]: answer for answer in read_lines(answers)})
    command = [
        sys.executable,
        str(corpus.scorer),
        str(corpus.gold),
        str(answers),
        "--json",
        "--errors",
        "100000",
    ]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    return Score(json.loads(done.stdout), done.stderr.splitlines())


def measure(corpus: Corpus) -> tuple[Score, Score]:
    """Runs the command and the keyword trigger on the same documents: (detection, baseline)."""
    with tempfile.TemporaryDirectory() as folder:
        answers, hits = Path(folder, "answers.jsonl"), Path(folder, "hits.jsonl")
        run_check(corpus.gold, answers)
        _write_lines(keyword_answers(read_lines(corpus.gold), AS_OF), hits)
        return score_answers(corpus, answers), score_answers(corpus, hits)


def _write_lines(records: list[dict[str, Any]], path: Path) -> None:
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), "utf-8")


def main(arguments: list[str] | None = None) -> int:
    options = _read_options(arguments)
    corpora = choose_corpora(own=options.own)
    if corpora == (OWN,) and not options.own:
        print("../shared is not here: measured on the smaller set of the project, eval/gold.jsonl")
    breaches = [breach for corpus in corpora for breach in _measure_against_floors(corpus, options)]
    for breach in breaches:
        print(f"below the floor: {breach}")
    return 1 if breaches else 0


def _measure_against_floors(corpus: Corpus, options: argparse.Namespace) -> list[str]:
    """Prints the figures of one set beside its floors, changes these where asked, and says what fails."""
    detection, baseline = measure(corpus)
    for line in detection.disagreements[: options.errors]:
        print(line, file=sys.stderr)
    floors, sha256 = read_floors(options.floors), digest(corpus.gold)
    if options.raise_floors or options.lower_floors:
        old = floors.get(corpus.name)
        new = raise_floors(old, detection.figures, sha256)
        floors[corpus.name] = lower_floors(detection.figures, sha256) if options.lower_floors else new
        write_floors(floors, options.floors)
    floor = floors.get(corpus.name)
    _print_figures(corpus, detection, baseline, floor.figures if floor else {})
    return [f"{corpus.name}: {breach}" for breach in find_breaches(floor, detection.figures, sha256)]


def _read_options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m eval.quality", description=__doc__)
    parser.add_argument(
        "--own", action="store_true", help="measure on the project's own set, eval/gold.jsonl"
    )
    parser.add_argument("--errors", type=int, default=0, metavar="N", help="print the first N disagreements")
    parser.add_argument("--floors", type=Path, default=FLOORS, help=argparse.SUPPRESS)
    change = parser.add_mutually_exclusive_group()
    change.add_argument(
        "--raise-floors", action="store_true", help="write what was measured where it is higher"
    )
    change.add_argument(
        "--lower-floors", action="store_true", help="write what was measured even where it is lower"
    )
    return parser.parse_args(arguments)


def _print_figures(corpus: Corpus, detection: Score, baseline: Score, floors: dict[str, float]) -> None:
    print(f"{corpus.gold.name}, judged as of {AS_OF}")
    print(f"{'figure':26}{'qualwatch':>10}{'floor':>8}{'keywords':>10}")
    for name, value in detection.figures.items():
        least = f"{floors[name]:.3f}" if name in floors else ""
        print(f"{name:26}{_written(value):>10}{least:>8}{_written(baseline.figures[name]):>10}")


def _written(value: float) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
