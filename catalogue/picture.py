"""A difference drawn as one picture (SVG) that a person can check in a minute, in any browser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from catalogue.difference import Difference, Entry, Group
from vocabulary.presentation import displayable

_WIDTH = 1000
_MARGIN = 24
_LINE = 26
_FONT = "'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC',sans-serif"
LOOKS = {
    Group.ADDED: ("＋", "#15803d", "#ecfdf3"),
    Group.REMOVED: ("－", "#b42318", "#fef3f2"),
    Group.RENAMED: ("→", "#1a56c4", "#eff4ff"),
    Group.KIND: ("⇄", "#b45309", "#fffaeb"),
    Group.CONFLICT: ("！", "#7a271a", "#fee4e2"),
}
"""Sign, colour and ground of each group: the signs say the same to whoever sees no colours."""


def draw(difference: Difference) -> str:
    """The picture's SVG, complete in itself."""
    parts = [*_head(difference)]
    top = 112
    for group in Group:
        entries = difference.of(group)
        if entries:
            drawn, top = _block(group, entries, top)
            parts += drawn
    if not difference.entries:
        parts.append(_text(_MARGIN, top + 20, "没有差别。", 18, "#475467"))
        top += 40
    height = top + 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" font-family="{_FONT}" role="img">'
        f"<title>{_shown(difference.title, 200)}</title>"
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _head(difference: Difference) -> Iterator[str]:
    """The title, and a bar whose parts are as long as the groups are large."""
    yield _text(_MARGIN, 40, _shown(difference.title, 60), 24, "#101828", bold=True)
    counts = [(group, len(difference.of(group))) for group in Group]
    said = "　".join(f"{group}{count}" for group, count in counts if count or group is not Group.CONFLICT)
    yield _text(_MARGIN, 68, f"{said}　未变{difference.unchanged}", 16, "#475467")
    total = sum(count for _, count in counts) + difference.unchanged
    left, width = float(_MARGIN), _WIDTH - 2 * _MARGIN
    for colour, count in [*((LOOKS[g][1], c) for g, c in counts), ("#d0d5dd", difference.unchanged)]:
        if count:
            length = width * count / total
            yield f'<rect x="{left:.1f}" y="82" width="{length:.1f}" height="12" fill="{colour}"/>'
            left += length


def _block(group: Group, entries: Sequence[Entry], top: int) -> tuple[list[str], int]:
    """One group's names in columns under its heading; where it ends."""
    sign, colour, ground = LOOKS[group]
    pairs = any(entry.before for entry in entries) and group is not Group.REMOVED
    columns = 2 if pairs else 3
    rows = -(-len(entries) // columns)
    height = 40 + rows * _LINE + 8
    inner = _WIDTH - 2 * _MARGIN
    parts = [
        f'<rect x="{_MARGIN}" y="{top}" width="{inner}" height="{height}" rx="8" fill="{ground}"/>',
        f'<rect x="{_MARGIN}" y="{top}" width="6" height="{height}" rx="3" fill="{colour}"/>',
        _text(_MARGIN + 18, top + 28, f"{sign} {group} {len(entries)}", 18, colour, bold=True),
    ]
    step = (inner - 24) / columns
    for at, entry in enumerate(entries):
        column, row = divmod(at, rows)
        x, y = _MARGIN + 18 + column * step, top + 40 + row * _LINE + 18
        parts.append(_text(x, y, _said(entry, pairs=pairs), 14, "#1d2939"))
    return parts, top + height + 12


def _said(entry: Entry, *, pairs: bool) -> str:
    if not pairs or not entry.before:
        return _shown(entry.name, 21)
    if entry.group is Group.RENAMED:
        return f"{_shown(entry.before, 15)} → {_shown(entry.after, 15)}"
    return f"{_shown(entry.name, 16)}：{_shown(entry.before, 9)} → {_shown(entry.after, 9)}"


def _shown(text: str, limit: int) -> str:
    return escape(displayable(text, limit=limit))


def _text(x: float, y: float, text: str, size: int, colour: str, *, bold: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}"{weight}>{text}</text>'
