"""Which network addresses may be connected to: public ones, and private ones that the configuration allows.

A host name is resolved once per connection and the connection goes to the very address that was checked, so
that a name which resolves differently a moment later (DNS rebinding) changes nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from crawling.fetching.model import FetchError
from vocabulary.codes import Outcome

Resolver = Callable[[str, int], list[str]]
"""Host and port in, numeric addresses out; raises ``OSError`` where the name is unknown."""

_NAT64 = IPv6Network("64:ff9b::/96")
_CLOUD_SERVICES = frozenset(map(ip_address, ("168.63.129.16", "100.100.100.200", "192.0.0.192")))
"""Metadata services of clouds outside of the private ranges."""


def resolve(host: str, port: int) -> list[str]:
    """Numeric addresses of ``host`` in the system's order of preference, without repetitions."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def _meant(address: IPv4Address | IPv6Address) -> Iterable[IPv4Address | IPv6Address]:
    """The addresses that a packet may reach: IPv6 has several ways to carry an IPv4 address inside."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address in _NAT64:
        return (IPv4Address(int(address) & 0xFFFF_FFFF),)
    inside = (address.ipv4_mapped, address.sixtofour, *(address.teredo or ()))
    return (address, *(part for part in inside if part is not None))


def is_public(address: str) -> bool:
    """Whether a numeric address belongs to the open internet, whatever notation hides it."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return all(
        part.is_global
        and not part.is_multicast
        and not part.is_reserved
        and not part.is_loopback
        and part not in _CLOUD_SERVICES
        for part in _meant(parsed)
    )


class AddressPolicy:
    """Decides which addresses a host may be reached at.

    ``allowed`` holds ``host`` or ``host:port`` in any case; those may resolve to private addresses.
    """

    def __init__(self, allowed: Iterable[str], resolver: Resolver = resolve) -> None:
        self._allowed = frozenset(entry.strip().lower().rstrip(".") for entry in allowed)
        self._resolver = resolver

    def _is_allowed(self, host: str, port: int) -> bool:
        bare = host.lower().strip("[]").rstrip(".")
        names = (bare, f"[{bare}]") if ":" in bare else (bare,)
        return any(name in self._allowed or f"{name}:{port}" in self._allowed for name in names)

    def addresses(self, host: str, port: int) -> list[str]:
        """The numeric addresses to connect to.

        Raises :class:`FetchError` (``refused_address``) where any of them is not public: a name that mixes
        public and private addresses is an attack or a mistake.
        """
        addresses = self._resolver(host.strip("[]"), port)
        if not self._is_allowed(host, port):
            private = [address for address in addresses if not is_public(address)]
            if private:
                raise FetchError(
                    Outcome.REFUSED_ADDRESS,
                    f"{host} resolves to {private[0]}, which is not a public address: if it is yours, "
                    f"add '{host}:{port}' to fetching.allow_private_hosts",
                )
        return addresses
