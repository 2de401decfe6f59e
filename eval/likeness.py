"""``python -m eval.likeness``: trains the second opinion on kinds of documents, and measures it.

Labels are those of the tree (``gold.jsonl``, ``readings.jsonl``, ``readings-elsewhere.jsonl``) and of the
labelled sets beside the project; the texts that the tree does not have are read from ``../shared`` and, for
readings of other sources, from the files that ``--texts`` names, by their digests. What is not there is left
out. Least squares with a penalty in closed form: the same texts give the same weights.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray

from detection.documents import likeness
from detection.documents.kinds import read_window
from eval.quality import OWN, ROOT, SHARED_CORPORA
from eval.readings import POOL, READINGS, labelled_documents
from eval.scoring import read_lines
from vocabulary.codes import DocumentKind

ELSEWHERE = Path(__file__).parent / "readings-elsewhere.jsonl"
FOLDER = ROOT / "detection" / "documents"
PENALTY = 0.5
KINDS = tuple(DocumentKind)
BALANCE = 0.5
"""How far rare kinds count more: 0 not at all, 1 as much as frequent ones."""
STEPS = 127
"""A weight is a whole number up to this."""
Trained = tuple[NDArray[numpy.int8], NDArray[numpy.float32], NDArray[numpy.float32]]


@dataclass(frozen=True, slots=True)
class Labelled:
    name: str
    weight: float
    """How much one document counts: sets of many sources count more than those of few."""
    documents: list[dict[str, Any]]


def labelled_sets(texts: Iterable[Path]) -> list[Labelled]:
    """Every labelled set whose texts are here."""
    weights = {"gold": 2.0, "dev-gold": 1.0, "dev-gold-2": 3.0}
    sets = [
        Labelled(corpus.name, weights[corpus.name], read_lines(corpus.gold))
        for corpus in (OWN, *SHARED_CORPORA)
        if corpus.gold.is_file()
    ]
    if POOL.is_file():
        sets += [Labelled(reading, 1.0, labelled_documents(reading)) for reading in READINGS]
    return [*sets, *_elsewhere(texts)]


def _elsewhere(texts: Iterable[Path]) -> Iterable[Labelled]:
    """The readings of other sources, each a set of its own."""
    labels = {label["sha256"]: label for label in read_lines(ELSEWHERE)}
    found: dict[str, list[dict[str, Any]]] = {label["reading"]: [] for label in labels.values()}
    for record in (record for path in texts for record in read_lines(path)):
        label = labels.get(sha256(record["text"].encode()).hexdigest())
        if label is not None:
            found[label["reading"]].append({**record, "document_kind": label["document_kind"]})
    return (Labelled(reading, 3.0, documents) for reading, documents in found.items())


def train(sets: list[Labelled]) -> Trained:
    """Weights by place and kind as whole numbers, the scale of each kind, and its bias."""
    documents = [(document, group.weight) for group in sets for document in group.documents]
    seen = numpy.stack([vector(document) for document, _ in documents])
    wanted = numpy.array([[kind == document["document_kind"] for kind in KINDS] for document, _ in documents])
    counts = numpy.array([weight for _, weight in documents])
    often = numpy.maximum(counts @ wanted, 1.0)
    counts *= wanted @ (often.mean() / often) ** BALANCE
    usual, share = (numpy.average(table, axis=0, weights=counts) for table in (seen, wanted))
    centred = (seen - usual).astype(numpy.float64)
    likeness_of_two = centred @ centred.T + numpy.diag(PENALTY / counts)
    exact = centred.T @ numpy.linalg.solve(likeness_of_two, wanted - share)
    scale = numpy.abs(exact).max(axis=0) / STEPS
    whole = numpy.rint(exact / scale).astype(numpy.int8)
    bias = share - usual @ (whole * scale)
    return whole, scale.astype(numpy.float32), bias.astype(numpy.float32)


def vector(document: dict[str, Any]) -> NDArray[numpy.float32]:
    row = numpy.zeros(likeness.WIDTH, dtype=numpy.float32)
    for places, weight in likeness.features(document.get("title") or "", document["text"]):
        numpy.add.at(row, places, weight)
    return row


def write(sets: list[Labelled], folder: Path = FOLDER) -> None:
    weights, scale, bias = train(sets)
    packed = weights.tobytes()
    trained = "\n".join(f'"{group.name}" = {len(group.documents)}' for group in sets)
    kinds = ", ".join(f'"{kind.value}"' for kind in KINDS)
    about = (
        "# Written by python -m eval.likeness: what likeness.bin holds, and what it was trained on.\n"
        f'sha256 = "{sha256(packed).hexdigest()}"\n'
        f"kinds = [{kinds}]\n"
        f"scale = [{_written(scale)}]\n"
        f"bias = [{_written(bias)}]\n\n"
        f"[documents]\n{trained}\n"
    )
    (folder / "likeness.bin").write_bytes(packed)
    (folder / "likeness.toml").write_text(about, "utf-8")


def _written(values: NDArray[numpy.float32]) -> str:
    return ", ".join(f"{float(value):.9g}" for value in values)


def measure(sets: list[Labelled], left_out: Labelled) -> tuple[float, float]:
    """Kinds right in a set that the weights were not trained on: by cues alone, with the second opinion."""
    weights, scale, bias = train([group for group in sets if group is not left_out])
    opinion = likeness.Likeness(weights.T, scale, bias)
    cues = both = 0
    for document in left_out.documents:
        title, text, kind = document.get("title") or "", document["text"], document["document_kind"]
        reading = read_window(text, title)
        second = likeness.weigh(opinion.scores(title, text), reading.scores)
        cues += reading.kind == kind
        both += (second if reading.doubtful else reading.kind) == kind
    return cues / len(left_out.documents), both / len(left_out.documents)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.likeness", description=__doc__)
    texts = "JSON lines with the texts of readings-elsewhere.jsonl"
    parser.add_argument("--texts", type=Path, nargs="*", default=(), help=texts)
    parser.add_argument(
        "--leave-out", action="store_true", help="write nothing; measure each set by weights of the others"
    )
    options = parser.parse_args(arguments)
    sets = [group for group in labelled_sets(options.texts) if group.documents]
    for group in sets:
        print(f"{group.name:12}{len(group.documents):6} documents", flush=True)
        if options.leave_out and group.weight > 1:
            cues, both = measure(sets, group)
            print(f"{'':12}kind {cues:.3f} by cues, {both:.3f} with the second opinion", flush=True)
    if not options.leave_out:
        write(sets)
    return 0


if __name__ == "__main__":
    sys.exit(main())
