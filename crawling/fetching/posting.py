"""A message to an address that somebody may have typed who does not look after this machine."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import requests

from crawling.fetching.addresses import AddressPolicy
from crawling.fetching.connection import CheckedAdapter, ExchangeWatch

_ADDRESSES_TRIED = 3


def post_checked(
    url: str, body: Mapping[str, Any], policy: AddressPolicy, seconds: float
) -> requests.Response:
    """Post ``body`` as JSON where ``policy`` lets it go, and nowhere else; what is answered is not read.

    No redirect is followed, and proxies of this machine play no part: where they lead, nobody could check.
    Raises ``FetchError`` for an address that is refused and ``requests.RequestException`` for all else.
    """
    watch = ExchangeWatch()
    try:
        with requests.Session() as session, watch.exchange(policy, seconds):
            session.trust_env = False
            for scheme in ("https://", "http://"):
                session.mount(scheme, CheckedAdapter(1, 1))
            with session.post(url, json=body, timeout=seconds, allow_redirects=False, stream=True) as answer:
                return answer
    finally:
        watch.close()


def connect_checked(host: str, port: int, policy: AddressPolicy, seconds: float) -> socket.socket:
    """A connection likewise; raises ``FetchError`` and ``OSError``."""
    failure = OSError("the name has no address")
    for address in policy.addresses(host, port)[:_ADDRESSES_TRIED]:
        try:
            return socket.create_connection((address, port), seconds)
        except OSError as error:
            failure = error
    raise failure
