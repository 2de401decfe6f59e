"""What fetching gives: a response with its request, or an error with its outcome."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from email.message import Message
from urllib.parse import urlsplit

from settings.sources import Source
from vocabulary.codes import Outcome
from vocabulary.page_errors import PageError, StoppedError

Headers = tuple[tuple[str, str], ...]
"""Header lines in the order in which they stood, names as they were written."""


@dataclass(frozen=True, slots=True)
class Access:
    """How one source is asked where it differs from all others."""

    unverified_host: str = ""
    """The one host whose certificate is not verified; empty: every certificate is."""
    old_tls_host: str = ""
    """The one host that may speak TLS of old; empty: none may."""
    browser: bool = False
    """Whether pages are drawn by a browser before they are read; attachments never are."""

    @classmethod
    def to(cls, source: Source) -> Access:
        """What the configuration of ``source`` says; an exception holds for the host of its own address."""
        host = (source.url.host or "").strip("[]")
        return cls(
            unverified_host="" if source.verify_tls else host,
            old_tls_host=host if source.old_tls else "",
            browser=source.browser,
        )

    def verifies(self, url: str) -> bool:
        """Whether the certificate of ``url`` is verified; true where it needs none."""
        parts = urlsplit(url)
        return parts.scheme != "https" or not self.unverified_host or parts.hostname != self.unverified_host

    def takes_old_tls(self, url: str) -> bool:
        """Whether ``url`` may be asked by TLS of old."""
        return bool(self.old_tls_host) and urlsplit(url).hostname == self.old_tls_host

    @property
    def remarks(self) -> tuple[str, ...]:
        """What operators are to see of it, in Chinese; empty where nothing is unusual."""
        said = {"不验证证书": self.unverified_host, "旧版 TLS": self.old_tls_host, "浏览器": self.browser}
        return tuple(remark for remark, is_so in said.items() if is_so)


PLAIN = Access()
"""Every certificate verified, no browser."""


class FetchError(PageError):
    """An address gave nothing that may be read."""

    def __init__(
        self,
        outcome: Outcome,
        detail: str,
        *,
        status: int | None = None,
        bytes_read: int = 0,
        transient: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(outcome, detail)
        self.status = status
        self.bytes_read = bytes_read
        self.transient = transient
        """Whether asking again in a moment may help."""
        self.retry_after = retry_after
        """Seconds that the server asks to wait, None where it says nothing."""

    def __str__(self) -> str:
        return f"{self.outcome}: {self.detail}"


class FetchingStoppedError(StoppedError):
    """The daemon is ending; what was about to be asked is asked at the next start."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """One hop: the address that answered with ``status`` and named ``target``."""

    url: str
    status: int
    target: str
    cookies: tuple[str, ...] = ()
    """What its ``Set-Cookie`` lines said."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that a page in the browser asks for."""

    url: str
    method: str
    headers: dict[str, str]
    """Names in small letters."""
    body: bytes | None
    is_document: bool
    """Whether it takes the place of the page; False: a part of it."""

    def after(self, redirect: Redirect) -> Asked:
        """What is asked for next: cookies and bodies go to their own host alone."""
        stays = urlsplit(redirect.target).netloc == urlsplit(self.url).netloc
        kept = {name: value for name, value in self.headers.items() if stays or name != "cookie"}
        if redirect.status in {307, 308} and stays:
            return replace(self, url=redirect.target, headers=kept)
        return replace(self, url=redirect.target, headers=kept, method="GET", body=None)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A response whose body is decompressed and within its limit; status is 200 to 299, or 304."""

    url: str
    """The address asked for."""
    final_url: str
    """The address that answered, after redirects."""
    status: int
    reason: str
    headers: Headers
    body: bytes
    request_headers: Headers
    started_at: datetime
    redirects: tuple[Redirect, ...] = ()
    certificate_verified: bool = True
    """False where one of the addresses on the way was asked without verifying whose it is."""
    drawn_by: str = ""
    """The browser, with its version, that made ``body`` of ``sent``; empty: ``body`` is what was sent."""
    sent: bytes = b""
    """What the server sent where a browser drew it; ``headers`` are those of this."""

    @property
    def unchanged(self) -> bool:
        """Whether the server says that nothing changed since the ETag or date that was sent."""
        return self.status == 304

    def header(self, name: str) -> str:
        """The first header called ``name``, in whatever case; empty where there is none."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")

    @property
    def media_type(self) -> str:
        """``text/html`` without parameters; empty where the server does not say."""
        if self.drawn_by:
            return "text/html"
        return self.header("Content-Type").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """What the Content-Type header declares, unchecked; empty where it declares nothing."""
        if self.drawn_by:
            return "utf-8"
        message = Message()
        message["Content-Type"] = self.header("Content-Type").encode("ascii", "replace").decode()
        declared = message.get_content_charset()
        return declared or ""

    @property
    def etag(self) -> str:
        """What the page may be asked for with next time; empty for one that scripts filled."""
        return "" if self.drawn_by else self.header("ETag")

    @property
    def last_modified(self) -> str:
        """Likewise."""
        return "" if self.drawn_by else self.header("Last-Modified")
