"""What a letter lists as a table, for those who sort and file it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Any

from alerts.delivery.channels import Attachment

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDTHS = (10, 10, 14, 26, 34, 24, 30, 44, 18, 18, 60)


def attached_table(payload: Mapping[str, Any], written_at: datetime) -> tuple[Attachment, ...]:
    """The payload's ``columns`` and ``listed`` rows as an XLSX file; none where it lists nothing.

    Its name is ``table``, that of a list of cases where the payload gives none.
    """
    if not payload.get("listed"):
        return ()
    from openpyxl import Workbook  # noqa: PLC0415 - most letters have no table

    from alerts.reports.workbook import safe_cell  # noqa: PLC0415 - as above

    name = payload.get("table", "案件清单")
    book = Workbook(write_only=True)
    book.properties.created = written_at.replace(tzinfo=None)
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    for letter, width in zip("ABCDEFGHIJK", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    for row in (payload["columns"], *payload["listed"]):
        sheet.append([safe_cell(value) for value in row])
    file = BytesIO()
    book.save(file)
    return (Attachment(f"{name}_{written_at:%Y%m%d}.xlsx", XLSX, file.getvalue()),)
