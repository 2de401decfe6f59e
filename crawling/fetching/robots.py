"""What a site allows robots to read, asked once a day (RFC 9309)."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from protego import Protego

from crawling.fetching.model import FetchError
from crawling.fetching.pace import Clock
from extraction.charset import decode
from vocabulary.codes import Outcome

_KEPT_SECONDS = 24 * 3600.0
_KEPT_AFTER_TROUBLE_SECONDS = 3600.0
_BYTES_READ = 512 * 1024
"""RFC 9309 asks for at least 500 KiB."""
_LONGEST_DELAY = 60.0
_RULE = re.compile(r"(?i)(?:user-?agent|disallow|allow|crawl-delay)\s*:")
_TAG = re.compile(r"<[^<>]{1,200}>")
"""Some servers send the file within a page."""
_NO_FILE = frozenset({Outcome.EMPTY, Outcome.TOO_LARGE, Outcome.GONE, Outcome.BLOCKED})
"""What came instead of a file: nothing, a page that says that there is none, or one that asks for a login."""
_SITES_REMEMBERED = 2_000


@dataclass(frozen=True, slots=True)
class RobotsRules:
    """A site's rules for us."""

    rules: Protego | None
    """None: everything is allowed, or, with ``trouble``, nothing."""
    trouble: str
    """Why the rules could not be read; empty where they could."""
    until: float

    def check(self, url: str, agent: str) -> None:
        """Raise :class:`FetchError` (``forbidden_by_robots``) where ``url`` may not be read."""
        if self.trouble:
            raise FetchError(Outcome.FORBIDDEN_BY_ROBOTS, f"robots.txt could not be read: {self.trouble}")
        if self.rules is not None and not self.rules.can_fetch(url, agent):
            raise FetchError(Outcome.FORBIDDEN_BY_ROBOTS, f"robots.txt of {urlsplit(url).netloc} forbids it")

    def delay(self, agent: str) -> float:
        """Seconds that the site wants between two requests, at most a minute; 0 where it says nothing."""
        wanted = self.rules.crawl_delay(agent) if self.rules is not None else None
        return min(max(wanted or 0.0, 0.0), _LONGEST_DELAY)


class RobotsCache:
    """Rules by site; each site's file is read by one thread while others wait for it.

    ``read`` gives the body of a robots.txt or raises :class:`FetchError`.
    """

    def __init__(self, read: Callable[[str], bytes], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._rules: dict[str, RobotsRules] = {}
        self._reading: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def rules(self, url: str) -> RobotsRules:
        """The rules for the site of ``url``; raises what reading raises where the site does not answer."""
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        known = self._known(site)
        if known is not None:
            return known
        with self._lock:
            reading = self._reading.setdefault(site, threading.Lock())
        try:
            with reading:
                known = self._known(site)
                if known is None:
                    known = self._ask(site)
                    self._remember(site, known)
                return known
        finally:
            with self._lock:
                self._reading.pop(site, None)

    def _known(self, site: str) -> RobotsRules | None:
        with self._lock:
            rules = self._rules.get(site)
        return rules if rules is not None and rules.until > self._clock() else None

    def _remember(self, site: str, rules: RobotsRules) -> None:
        with self._lock:
            if len(self._rules) >= _SITES_REMEMBERED:
                self._rules.clear()
            self._rules[site] = rules

    def _ask(self, site: str) -> RobotsRules:
        """No file (4xx) allows everything; a broken server (5xx) nothing, until it answers again."""
        now = self._clock()
        try:
            body = self._read(f"{site}/robots.txt")
        except FetchError as error:
            if error.status is not None and 400 <= error.status < 500:
                return RobotsRules(None, "", now + _KEPT_SECONDS)
            if error.status is not None and error.status >= 500:
                return RobotsRules(
                    None, f"the server answers {error.status}", now + _KEPT_AFTER_TROUBLE_SECONDS
                )
            if error.outcome in _NO_FILE and error.status is not None and error.status < 500:
                return RobotsRules(None, "", now + _KEPT_SECONDS)
            raise
        return RobotsRules(_parsed(body[:_BYTES_READ]), "", now + _KEPT_SECONDS)


def _parsed(body: bytes) -> Protego | None:
    """The rules of a file; None where what answered is no such file but a page, as soft 404s and logins are.

    A BOM before the first line would hide the group that it begins, whatever the encoding.
    """
    text, _ = decode(body)
    lines = [_TAG.sub("", line).partition("#")[0].strip("\ufeff \t") for line in text.splitlines()]
    if not any(_RULE.match(line) for line in lines):
        return None
    return Protego.parse("\n".join(lines))
