"""No request leaves for the inside of the house, however its address is dressed up."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from crawling.fetching.addresses import AddressPolicy, is_public
from crawling.fetching.fetcher import Fetcher
from crawling.fetching.model import FetchError
from settings.model import Fetching
from tests.parts.loopback import Site, answer, redirect
from vocabulary.codes import Outcome, PageKind


@pytest.fixture
def fetcher(fetching: Fetching) -> Iterator[Fetcher]:
    running = Fetcher(fetching, sleep=lambda _: None)
    yield running
    running.close()


def outcome(fetcher: Fetcher, url: str) -> Outcome:
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(url, kind=PageKind.PAGE)
    return caught.value.outcome


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.9",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::1",
        "no address",
    ],
)
def test_private_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "202.106.0.20", "2400:3200::1", "64:ff9b::101:101"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0"]
)
def test_no_notation_of_loopback_is_asked(site: Site, fetcher: Fetcher, host: str) -> None:
    """The site is allowed as 127.0.0.1 with its port; the same machine under other names is not."""
    port = site.port if host != "127.0.0.1" else 9
    assert outcome(fetcher, f"http://{host}:{port}/a") is Outcome.REFUSED_ADDRESS
    assert site.asked == []


def test_a_redirect_to_the_metadata_service_is_refused(site: Site, fetcher: Fetcher) -> None:
    site["/a"] = redirect("http://169.254.169.254/latest/meta-data/")
    assert outcome(fetcher, f"{site.address}/a") is Outcome.REFUSED_ADDRESS


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.com/a", "gopher://example.com/1"])
def test_a_redirect_to_another_scheme_is_refused(site: Site, fetcher: Fetcher, target: str) -> None:
    site["/a"] = redirect(target)
    assert outcome(fetcher, f"{site.address}/a") is Outcome.REFUSED_ADDRESS


def test_a_name_that_resolves_to_a_private_address_is_refused(site: Site, fetching: Fetching) -> None:
    fetcher = Fetcher(fetching, resolver=lambda *_: ["127.0.0.1"])
    assert outcome(fetcher, f"http://notices.example:{site.port}/a") is Outcome.REFUSED_ADDRESS
    fetcher.close()
    assert site.asked == []


def test_a_name_with_one_private_address_among_public_ones_is_refused() -> None:
    policy = AddressPolicy((), resolver=lambda *_: ["1.1.1.1", "10.0.0.1"])
    with pytest.raises(FetchError, match=r"10\.0\.0\.1"):
        policy.addresses("notices.example", 80)


def test_a_connection_goes_to_the_address_that_was_checked(site: Site, fetching: Fetching) -> None:
    """Rebinding: each connection resolves once, and goes where the checked answer points.

    No DNS server knows the name, so a second resolution of whatever layer would fail.
    """
    resolved: list[tuple[str, int]] = []

    def resolver(host: str, port: int) -> list[str]:
        resolved.append((host, port))
        return ["127.0.0.1"]

    site["/a"] = answer("text")
    name = f"notices.invalid:{site.port}"
    fetcher = Fetcher(fetching.model_copy(update={"allow_private_hosts": (name,)}), resolver=resolver)
    assert fetcher.fetch(f"http://{name}/a", kind=PageKind.PAGE).body == b"text"
    fetcher.close()
    assert resolved == [("notices.invalid", site.port)]  # kept alive: robots.txt and page use one connection
    assert {headers["Host"] for _, headers in site.asked} == {name}


def test_a_name_that_flips_to_a_private_address_between_two_connections_is_refused(
    site: Site, fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first answer is public, the next is not: no kept answer and no second look opens the door."""
    public = Site(at=("127.9.9.9", site.port))
    # Loopback is all that a test may connect to: one address of it stands for the open internet.
    monkeypatch.setattr("crawling.fetching.addresses.is_public", lambda address: address == "127.9.9.9")
    answers = iter([["127.9.9.9"], ["127.0.0.1"], ["127.9.9.9", "127.0.0.1"]])
    public["/robots.txt"] = answer("", status=404, Connection="close")
    public["/a"] = site["/a"] = answer("inside")
    fetcher = Fetcher(fetching, resolver=lambda *_: next(answers), sleep=lambda _: None)
    url = f"http://flips.example.cn:{site.port}/a"
    assert outcome(fetcher, url) is Outcome.REFUSED_ADDRESS
    assert outcome(fetcher, url) is Outcome.REFUSED_ADDRESS
    fetcher.close()
    public.close()
    assert [path for path, _ in public.asked] == ["/robots.txt"]
    assert site.asked == []


def test_an_unknown_name_is_an_error(fetching: Fetching) -> None:
    def resolver(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    fetcher = Fetcher(fetching, resolver=resolver, sleep=lambda _: None)
    with pytest.raises(FetchError) as caught:
        fetcher.fetch("http://notices.invalid/a", kind=PageKind.PAGE)
    fetcher.close()
    assert caught.value.outcome is Outcome.ERROR
    assert caught.value.detail.startswith("Failed to resolve 'notices.invalid'")


@pytest.mark.parametrize(
    "url", ["http://", "http:///a", "http://[::1/a", "http://a b/", "http://" + "a" * 300 + "/"]
)
def test_an_address_that_is_none_is_an_error(fetcher: Fetcher, url: str) -> None:
    assert outcome(fetcher, url) in {Outcome.ERROR, Outcome.REFUSED_ADDRESS}


def test_a_server_without_tls_behind_https_is_a_tls_error(site: Site, fetcher: Fetcher) -> None:
    assert outcome(fetcher, f"https://{site.host}/a") is Outcome.TLS
