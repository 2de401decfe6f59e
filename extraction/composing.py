"""Text put together from a document's events: lines, and tables that become lines when they end."""

from __future__ import annotations

from collections.abc import Iterable

from extraction.limits import MAX_TABLE_CELLS, MAX_TABLE_DEPTH
from extraction.tables import Cell, lay_out, lay_out_grid


class _Table:
    """A table that is being read: its rows so far and the cell that is open."""

    def __init__(self, outer: list[str]) -> None:
        self.outer = outer
        self.rows: list[list[Cell]] = []
        self.cell: Cell | None = None


class TextComposer:
    """Takes words, line breaks and table parts in the document's order; ``finished`` gives its lines."""

    def __init__(self, *, grid: bool = False) -> None:
        """``grid``: tables keep every cell in its column."""
        self.sink: list[str] = []
        """The lines of the cell that is open, else of the document."""
        self._lay_out = lay_out_grid if grid else lay_out
        self._pieces: list[str] = []
        self._tables: list[_Table] = []
        self._tables_beyond = 0
        self._cells = 0

    def add(self, text: str) -> None:
        self._pieces.append(text)

    def add_lines(self, lines: Iterable[str]) -> None:
        """Lines that are put together already."""
        self.break_line()
        self.sink.extend(lines)

    def break_line(self) -> bool:
        """End the line; False where nothing had been added to it."""
        if not self._pieces:
            return False
        if line := " ".join("".join(self._pieces).split()):
            self.sink.append(line)
        self._pieces.clear()
        return True

    def start_table(self) -> None:
        self.break_line()
        if len(self._tables) >= MAX_TABLE_DEPTH:
            self._tables_beyond += 1
            return
        if self._tables and (cell := self._tables[-1].cell):
            cell.holds_table = True
        self._tables.append(_Table(self.sink))

    def start_row(self) -> None:
        self.break_line()
        if self._tables and not self._tables_beyond:
            self._close_cell()
            if self._cells < MAX_TABLE_CELLS:
                self._tables[-1].rows.append([])

    def start_cell(self, cell: Cell) -> None:
        """Open a cell; a cell outside of any table is a block like others."""
        self.break_line()
        if self._tables and not self._tables_beyond:
            self._close_cell()
            self._cells += 1
            if self._cells > MAX_TABLE_CELLS:
                return
            table = self._tables[-1]
            if not table.rows:
                table.rows.append([])
            table.rows[-1].append(cell)
            table.cell = cell
            self.sink = cell.lines

    def end_cell(self) -> None:
        self.break_line()
        if self._tables and not self._tables_beyond:
            self._close_cell()

    def end_table(self) -> None:
        self.break_line()
        if self._tables_beyond:
            self._tables_beyond -= 1
        elif self._tables:
            self._close_cell()
            self.sink.extend(self._lay_out(self._tables.pop().rows))

    def finished(self) -> list[str]:
        """All lines; tables that never ended are taken to end here."""
        self._tables_beyond = 0
        while self._tables:
            self.end_table()
        self.break_line()
        return self.sink

    def _close_cell(self) -> None:
        table = self._tables[-1]
        table.cell = None
        self.sink = table.outer
