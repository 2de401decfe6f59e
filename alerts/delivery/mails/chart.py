"""The chart in the weekly summary: bars of new and rectified cases, week by week.

Drawn by Pillow, which draws 8 weeks in milliseconds and needs neither a display nor a font of the machine.
Only digits stand in the picture: Chinese words beside it are the mail's own, so that no server needs a
Chinese font, and a reader whose mail program shows no pictures has them too.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

COLOURS = (("new", "#c2410c"), ("rectified", "#15803d"))
_WIDTH, _HEIGHT = 1160, 440
"""Pixels; shown at half of that, for sharp screens."""
_TOP, _BOTTOM, _SIDE = 52, 62, 24
_BAR, _GAP = 46, 8


def draw_weeks(weeks: Sequence[Mapping[str, Any]]) -> bytes:
    """A PNG of ``weeks`` (``label``, ``new``, ``rectified``), oldest first; equal input gives equal bytes."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - only a weekly summary needs it

    image = Image.new("RGB", (_WIDTH, _HEIGHT), "#ffffff")
    draw = ImageDraw.Draw(image)
    floor = _HEIGHT - _BOTTOM
    highest = max((week[name] for week in weeks for name, _ in COLOURS), default=0)
    # A telephone shows the picture at a third of its size; four digits of the large size would not fit a bar.
    font, figures = ImageFont.load_default(size=40), ImageFont.load_default(size=24 if highest > 999 else 34)
    scale = (floor - _TOP) / max(1, highest)
    draw.line((_SIDE, floor, _WIDTH - _SIDE, floor), fill="#8b95a1", width=2)
    pitch = (_WIDTH - 2 * _SIDE) / max(1, len(weeks))
    for number, week in enumerate(weeks):
        middle = _SIDE + pitch * (number + 0.5)
        draw.text((middle, floor + 8), week["label"], fill="#5b6673", font=font, anchor="ma")
        for place, (name, colour) in enumerate(COLOURS):
            left = middle - _BAR - _GAP / 2 + place * (_BAR + _GAP)
            top = floor - week[name] * scale
            if week[name]:
                draw.rectangle((left, top, left + _BAR, floor - 1), fill=colour)
            draw.text((left + _BAR / 2, top - 4), str(week[name]), fill="#1d2733", font=figures, anchor="mb")
    written = io.BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()
