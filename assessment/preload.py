"""Imported once by the fork server: what every worker needs is read here and shared by its children."""

from __future__ import annotations

import gc
from datetime import date

from assessment.archives import read_file
from assessment.reading import Answer, Known

# Reading one page loads the HTML reader, the catalogue and the lexicon.
read_file(
    Answer("<p>招聘会计，须持有会计从业资格证。</p>".encode(), "text/html"),
    Known("http://localhost/"),
    date(2020, 1, 1),
)

# A collection writes to every object that it looks at, and each child would then have a copy of its own.
gc.collect()
gc.freeze()
