"""RapidOCR on one picture at a time, with bounded memory whatever the picture's size."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from statistics import mean
from typing import TYPE_CHECKING, Any

from extraction.recognition.lines import Box, box_of, read_lines

if TYPE_CHECKING:
    from PIL.Image import Image

WIDEST = 1800
"""Pixels; a wider picture is scaled down: A4 at 200 dots per inch has 1,654."""
_NARROWEST = 900
"""Pixels; a narrower one is enlarged, at most twice: letters of 10 pixels are read badly."""
BAND = 2000
"""Pixels of height that are read at once; longer pictures are cut between two lines."""
_CUT_WITHIN = 300
_LEAST_CONTRAST = 24
"""Grey levels between the darkest and the lightest pixel of a band that can hold words."""
_DETECTED_SIDE = 1280
"""Pixels of the longer side when lines are looked for; what is read is cut from the whole picture."""
_SPECKS = 0.5
"""Percent of the darkest and of the lightest pixels that are dirt when a pale page is given contrast."""
_SURE = 0.8
"""Mean confidence below which the page may lie on its side or on its head."""
_FEWEST_SURE = 0.5
_OPTIONS = {
    "Global.log_level": "critical",
    "Global.use_cls": False,
    "Global.text_score": _FEWEST_SURE,
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    "Det.limit_type": "max",
    "Det.limit_side_len": _DETECTED_SIDE,
    "Rec.rec_batch_num": 1,
}


def bands_of(width: int, height: int) -> int:
    """How many page-sized parts a picture of so many pixels is read in."""
    scale = _scale(width)
    return max(1, -(-int(height * scale) // (BAND - _CUT_WITHIN)))


def recognise(picture: Image) -> list[str]:
    """The lines of a picture in reading order; a page that is pale, on its side or on its head is mended.

    Raises MemoryError where the process may not have as much as it takes.
    """
    from PIL.ImageOps import autocontrast  # noqa: PLC0415

    picture = picture.convert("RGB")
    best = _boxes(picture)
    if not _is_doubtful(best):
        return read_lines(best)
    picture = autocontrast(picture, cutoff=_SPECKS, preserve_tone=True)
    for degrees in (0, 90, 270, 180):
        boxes = _boxes(picture.rotate(degrees, expand=True))
        best = max(best, boxes, key=_likelihood)
        if not boxes or not _is_doubtful(boxes):
            break
    return read_lines(best)


def _is_doubtful(boxes: list[Box]) -> bool:
    """Whether the page is too pale, or may have been laid on the scanner the other way round."""
    words = [box for box in boxes if len(box.text) > 1]
    return not words or _is_standing(words) or mean(box.score for box in words) < _SURE


def _is_standing(boxes: list[Box]) -> bool:
    """Whether most lines run from top to bottom: they can be read, but their order is lost."""
    return 2 * sum(abs(box.angle) > 0.8 or box.height > 1.5 * box.width for box in boxes) > len(boxes)


def _likelihood(boxes: list[Box]) -> tuple[bool, float]:
    return not _is_standing(boxes), sum(box.score * len(box.text) for box in boxes)


def _boxes(picture: Image) -> list[Box]:
    from PIL.Image import Resampling  # noqa: PLC0415

    scale = _scale(picture.width)
    if scale != 1:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, Resampling.LANCZOS)
    return [
        box_of([(x, y + top) for x, y in corners], text, score)
        for top, band in _bands(picture)
        for corners, text, score in _read_band(band)
    ]


def _scale(width: int) -> float:
    return WIDEST / width if width > WIDEST else min(2.0, max(1.0, _NARROWEST / width))


def _bands(picture: Image) -> Iterator[tuple[int, Image]]:
    """Parts of the picture that hold something, each with its first row's number."""
    top = 0
    while top < picture.height:
        bottom = picture.height
        if bottom - top > BAND:
            bottom = _quiet_row(picture, top + BAND - _CUT_WITHIN, top + BAND)
        band = picture.crop((0, top, picture.width, bottom))
        darkest, lightest = band.convert("L").getextrema()
        if lightest - darkest >= _LEAST_CONTRAST:  # type: ignore[operator]
            yield top, band
        top = bottom


def _quiet_row(picture: Image, first: int, last: int) -> int:
    """The middle of the calmest rows between two, where no line of words is cut."""
    import numpy  # noqa: PLC0415

    grey = numpy.asarray(picture.crop((0, first, picture.width, last)).convert("L"), dtype=numpy.float32)
    unrest = grey.std(axis=1)
    calm = numpy.convolve(unrest, numpy.ones(9) / 9, mode="same")
    return first + 4 + int(calm[4:-4].argmin())


def _read_band(band: Image) -> Iterator[tuple[Any, str, float]]:
    try:
        result = _engine()(band)
    except Exception as error:
        if any(word in str(error).lower() for word in ("alloc", "memory")):
            raise MemoryError from error
        raise
    if result.txts:
        yield from zip(result.boxes.tolist(), result.txts, result.scores, strict=True)


@cache
def _engine() -> Callable[[Image], Any]:
    """One for the process: loading the models takes a second and 150 MB."""
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(threads, "1")
    import cv2  # noqa: PLC0415  (each of them takes a third of a second)
    from rapidocr import RapidOCR  # noqa: PLC0415

    cv2.setNumThreads(1)
    engine: Callable[[Image], Any] = RapidOCR(params=_OPTIONS)
    return engine
