"""``[console]``: where the pages are served that mails link to."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from settings.section import Section


def _reachable(url: str) -> str:
    """``url`` with its host as requests name it: ``例子.中国`` is ``xn--fsqu00a.xn--fiqs8s``."""
    if not url:
        return url
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode("ascii"), parts.port
    except ValueError as error:  # also what idna refuses
        raise ValueError(f"no browser can open it ({error})") from error
    if parts.username is not None or not host:
        raise ValueError("write it with a host and without a user: everybody who gets a mail can read it")
    place = f"[{host}]" if ":" in host else host
    return parts._replace(netloc=place if port is None else f"{place}:{port}").geturl()


class Console(Section):
    """The web pages that mails link to."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 9465
    """0 takes any free port; one that is written here and taken is refused, the default moves to the next."""
    base_url: Annotated[
        str, Field(pattern=r"^(https?://[^\s/?#]+(/[^\s?#]*)?)?$"), AfterValidator(_reachable)
    ] = ""
    """Where it is reached from outside; empty: where it is served, which only this machine reaches."""
    public_check: bool = False
    """Whether everybody who reaches the console may have a text judged before it is published (自查)."""
    public_reports: bool = False
    """Whether everybody who reaches the console may report a posting (监督举报)."""
    contact_key: SecretStr = SecretStr("")
    """What seals who reported, and secrets of authenticators: 32 bytes in base64; empty: one is made."""
    contact_key_file: str = ""
    """A file that holds it, instead."""
    link_days: Annotated[int, Field(ge=1, le=365)] = 14
    """How long the links in mails are valid."""
    link_secret: SecretStr = SecretStr("")
    """What signs them; empty: a key is made once and kept in the data directory."""
    link_secret_file: str = ""
    """A file that holds it, instead."""

    @model_validator(mode="after")
    def _mails_name_an_address_that_others_reach(self) -> Console:
        if self.enabled and not self.base_url and not _is_loopback(self.host):
            raise ValueError(
                f"host {self.host!r} serves other machines, but base_url is empty: write the address that "
                'mails are to link to, for example base_url = "https://qualwatch.example.com"'
            )
        return self


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
