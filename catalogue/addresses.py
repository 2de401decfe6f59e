"""Where official documents stand: several addresses each, because sites move their pages."""

from __future__ import annotations

from catalogue.loading import DATA, read_rows


def official_addresses(number: str, region: str = "") -> tuple[str, ...]:
    """Known addresses of a document, the likeliest first; () where none is known."""
    return tuple(
        row["address"]
        for row in read_rows(DATA / "addresses.csv")
        if (row["number"], row["region"]) == (number, region)
    )
