"""Which kind of document a text reads like: a linear model over its letters, a second opinion beside cues.

``python -m eval.likeness`` trains it from the labels; ``likeness.toml`` says what it was trained on and has
the digest of its weights. Cues of ``kinds.toml`` tell a kind by words that somebody thought of; the letters
of a whole page tell an article from a posting where no such word stands.
"""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

import numpy
from numpy.typing import NDArray

from vocabulary.codes import DocumentKind

_BITS = 15
WIDTH = 1 << _BITS
"""Places that groups of letters are hashed to."""
TITLE, ENDING, OPENING, HEAD, TAIL = 120, 6, 60, 700, 200
"""Characters that are read: of a title and its end, of a text's opening, its beginning and its end."""
WEIGHTS = (1.0, 0.5, 1.6, 0.6)
"""Of the title, its end, the text and its opening."""
SHARE, LEAST, MOST = 0.02, -10.0, 30.0
"""What one point of a cue's score counts beside a likeness of 1, and between which scores it counts."""
_READ_AS = str.maketrans("（），：；！？０１２３４５６７８９123456789", "(),:;!?0000000000000000000")
_FOLD = numpy.arange(sys.maxunicode + 1, dtype=numpy.uint32)
"""What each character is read as, by its number."""
_FOLD[list(_READ_AS.keys())] = list(_READ_AS.values())
_BLANKS = re.compile(r"[ \t\u3000]{2,}")
_FIRST, _SECOND, _THIRD, _MIX = (
    numpy.uint32(number) for number in (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F)
)
_SALTS = tuple(numpy.uint32(number) for number in (0x165667B1, 0x5BD1E995, 0, 0x1B873593))
"""The same letters are another place in each part."""
_HALF, _REST = numpy.uint32(15), numpy.uint32(32 - _BITS)

Places = NDArray[numpy.uint32]
Groups = NDArray[numpy.uint32]


@dataclass(frozen=True, slots=True)
class Likeness:
    weights: NDArray[numpy.int8]
    """By kind and place."""
    scale: NDArray[numpy.float32]
    bias: NDArray[numpy.float32]

    def scores(self, title: str, text: str) -> tuple[float, ...]:
        """How much the document reads like each kind of :class:`DocumentKind`, in its order; about 0 to 1."""
        total = self.bias.copy()
        for places, weight in features(title, text):
            if len(places):
                total += self.weights.take(places, axis=1).sum(axis=1, dtype=numpy.int32) * (
                    self.scale * weight
                )
        return tuple(total.tolist())


def decide_kind(title: str, text: str, scores: tuple[float, ...]) -> DocumentKind:
    """The kind of a text that its cues leave in doubt, by their ``scores`` and by its letters together."""
    return weigh(load_likeness().scores(title, text), scores)


def weigh(like: tuple[float, ...], scores: tuple[float, ...]) -> DocumentKind:
    """The kind that likeness and cues say together."""
    together = [
        alike + SHARE * min(max(score, LEAST), MOST) for alike, score in zip(like, scores, strict=True)
    ]
    return tuple(DocumentKind)[together.index(max(together))]


def features(title: str, text: str) -> list[tuple[Places, float]]:
    """The places of each part's groups of letters, every one once, and the weight of each of them."""
    window = text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n{text[-TAIL:]}"
    named, (_, *said) = _groups(title[:TITLE]), _groups(window)
    parts = (named, [group[-ENDING:] for group in named], said, [group[:OPENING] for group in said])
    read = [_places(numpy.concatenate(groups) ^ salt) for groups, salt in zip(parts, _SALTS, strict=True)]
    return [
        (places, weight / max(1, len(places)) ** 0.5) for places, weight in zip(read, WEIGHTS, strict=True)
    ]


def _groups(text: str) -> list[Groups]:
    """A number for each letter, for every two and for every three neighbouring letters."""
    written = _BLANKS.sub(" ", text).encode("utf-32-le", "replace")
    letters = _FOLD[numpy.frombuffer(written, dtype=numpy.uint32)]
    ones = letters * _FIRST
    twos = ones[:-1] ^ (letters[1:] * _SECOND)
    threes = (twos[:-1] * _FIRST) ^ (letters[2:] * _THIRD)
    return [ones, twos, threes]


def _places(groups: Groups) -> Places:
    mixed = groups ^ (groups >> _HALF)
    places = numpy.sort((mixed * _MIX) >> _REST)
    is_new = numpy.ones(len(places), dtype=numpy.bool_)
    numpy.not_equal(places[1:], places[:-1], out=is_new[1:])
    return places[is_new]


def read_likeness(folder: Traversable) -> Likeness:
    """The trained weights in a folder. Raises ValueError where ``likeness.toml`` does not describe them."""
    about = tomllib.loads(folder.joinpath("likeness.toml").read_text("utf-8"))
    packed = folder.joinpath("likeness.bin").read_bytes()
    if sha256(packed).hexdigest() != about["sha256"]:
        message = "likeness.bin is not what likeness.toml describes: run python -m eval.likeness"
        raise ValueError(message)
    kinds = [DocumentKind(kind) for kind in about["kinds"]]
    if kinds != list(DocumentKind):
        message = "likeness.toml does not name the kinds of documents in their order"
        raise ValueError(message)
    return Likeness(
        numpy.frombuffer(packed, dtype=numpy.int8).reshape(WIDTH, len(kinds)).T.copy(),
        numpy.array(about["scale"], dtype=numpy.float32),
        numpy.array(about["bias"], dtype=numpy.float32),
    )


@cache
def load_likeness() -> Likeness:
    """The weights as they are shipped."""
    return read_likeness(files(__package__))
