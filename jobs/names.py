"""Whether names are answered: where none is, no source can be blamed for not being reached."""

from __future__ import annotations

import random
from urllib.parse import urlsplit

from jobs.context import Context
from jobs.lacks import Kind, Lack

_SOURCES_ASKED_FOR = 8


def names_lack(context: Context) -> Lack | None:
    """The lack, where a name was not answered just now and those of other sources are not answered either."""
    names = context.fetcher.names
    if not names.is_any_silent and not context.lacks.has(Kind.NAMES):
        return None
    some = random.sample(context.sources, min(_SOURCES_ASKED_FOR, len(context.sources)))
    hosts = [urlsplit(str(source.url)).hostname or "" for source in some]
    if not names.are_silent(hosts):
        return None
    return Lack(Kind.NAMES, "no name server answers: see /etc/resolv.conf and the network")
