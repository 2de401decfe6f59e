"""How many connections stay open, however many hosts are asked."""

from __future__ import annotations

import time
from contextlib import closing

from crawling.fetching.fetcher import Fetcher
from crawling.fetching.transport import HOSTS_KEPT
from eval.chaos.lists import Lists
from settings.model import Fetching
from vocabulary.codes import PageKind


def test_connections_to_the_hosts_asked_last_stay_open_and_no_others() -> None:
    hosts = HOSTS_KEPT + 20
    with closing(Lists(hosts, seed=1)) as lists:
        settings = Fetching(allow_private_hosts=tuple(lists.hosts()), delay_seconds=0)
        with closing(Fetcher(settings)) as fetcher:
            for _ in range(2):
                for number, host in enumerate(lists.hosts()):
                    assert fetcher.fetch(f"http://{host}/list{number}/", kind=PageKind.LIST).status == 200
                until = time.monotonic() + 20  # the other end hears of it in a moment
                while lists.connections > HOSTS_KEPT and time.monotonic() < until:
                    time.sleep(0.01)
                assert 0 < lists.connections <= HOSTS_KEPT
