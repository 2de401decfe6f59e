"""``python -m eval.readings``: figures on documents of the pool that were labelled without seeing any answer.

``readings.jsonl`` holds labels only, as places in the pool's texts; the texts stay beside the project. Each
reading was answered before its labels were read, and the rules were mended by it afterwards: the ``first``
(242 documents), the ``second`` (70 short ones), the ``third`` (135), the ``fourth`` (135) and the ``fifth``
(138, rich in names that are cancelled or exited). docs/detection.md has the
figures from before they were read.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from eval.quality import SHARED, Corpus, run_check, score_answers
from eval.scoring import read_lines

LABELS = Path(__file__).parent / "readings.jsonl"
POOL = SHARED / "corpus" / "pool.jsonl.gz"
SCORER = SHARED / "eval" / "score.py"
READINGS = ("first", "second", "third", "fourth", "fifth")


def labelled_documents(reading: str, labels: Path = LABELS, pool: Path = POOL) -> list[dict[str, Any]]:
    """The documents of one reading as gold records: texts from the pool, quotes cut where the labels say."""
    wanted = {label["id"]: label for label in read_lines(labels) if label["reading"] == reading}
    documents = []
    with gzip.open(pool, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            label = wanted.get(record["id"])
            if label is None:
                continue
            text = record["text"][: label["length"]]
            mentions = [{**each, "quote": text[each["start"] : each["end"]]} for each in label["mentions"]]
            documents.append({**record, **label, "text": text, "mentions": mentions})
    return documents


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.readings", description=__doc__)
    parser.add_argument("--errors", type=int, default=0, metavar="N", help="print the first N disagreements")
    options = parser.parse_args(arguments)
    if not POOL.is_file():
        print("../shared is not here: the labelled texts stay there")
        return 0
    for reading in READINGS:
        documents = labelled_documents(reading)
        with tempfile.TemporaryDirectory() as folder:
            gold, answers = Path(folder, "gold.jsonl"), Path(folder, "answers.jsonl")
            gold.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in documents))
            run_check(gold, answers)
            found = score_answers(Corpus(reading, gold, SCORER), answers)
        print(f"{reading} reading")
        for name, value in found.figures.items():
            print(f"  {name:26}{value:.3f}" if isinstance(value, float) else f"  {name:26}{value}")
        for line in found.disagreements[: options.errors]:
            print(line, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
