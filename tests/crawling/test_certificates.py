"""Whose certificate answers is verified; one source's exception is its own host's, and shows everywhere."""

from __future__ import annotations

import io
import shutil
import ssl
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console
from sqlmodel import Session, select

from crawling.fetching.advice import advice
from crawling.fetching.fetcher import Fetcher
from crawling.fetching.model import PLAIN, Access, Fetched, FetchError
from jobs.status import SourceRow
from jobs.terminal import source_table
from settings.model import Fetching
from settings.sources import Source
from storage.database import open_database
from storage.evidence import EvidenceStore
from storage.proof import evidence_ref
from storage.tables import DocumentVersion
from tests.parts.certificates import Authority, self_signed
from tests.parts.house import listing, posting
from tests.parts.loopback import Site, answer, redirect
from tests.parts.operators import Operator
from vocabulary.codes import Outcome, PageKind

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="needs the openssl command to make certificates nobody trusts"
)
PAGE = "<html><title>公告</title><p>某局招聘文员，学历不限。</p></html>"
Serve = Callable[[ssl.SSLContext], Site]


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """One that this machine trusts."""
    trusted = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted.roots))
    return trusted


@pytest.fixture
def serve() -> Iterator[Serve]:
    sites: list[Site] = []

    def start(context: ssl.SSLContext) -> Site:
        sites.append(Site(context))
        sites[-1]["/a.html"] = answer(PAGE)
        return sites[-1]

    yield start
    for each in sites:
        each.close()


@pytest.fixture
def fetch(authority: Authority) -> Iterator[Callable[..., Fetched]]:
    """Asks with a fetcher that trusts ``authority`` and may go to loopback."""
    settings = Fetching(
        allow_private_hosts=("127.0.0.1", "localhost"), delay_seconds=0, timeout_seconds=2, total_seconds=4
    )
    fetcher = Fetcher(settings, sleep=lambda _: None)

    def ask(url: str, access: Access = PLAIN) -> Fetched:
        return fetcher.fetch(url, kind=PageKind.PAGE, access=access)

    yield ask
    fetcher.close()


def exception_for(site: Site) -> Access:
    return Access.to(Source.model_validate({"name": "a", "url": f"{site.address}/", "verify_tls": False}))


def untrusted(kind: str, authority: Authority, folder: Path) -> ssl.SSLContext:
    if kind == "expired":
        return authority.certificate(days=-1)
    if kind == "self-signed":
        return self_signed(folder)
    if kind == "wrong host":
        return authority.certificate("DNS:www.example.org")
    return Authority(folder, "Unknown Authority").certificate()


KINDS = {
    "expired": ("has expired", "renew it"),
    "self-signed": ("signed it itself", "get a real one"),
    "wrong host": ("belongs to another host", "mend the address"),
    "unknown authority": ("nobody that this machine trusts", "add that to the trusted roots"),
}


def test_a_certificate_of_an_authority_of_this_machine_is_trusted(
    authority: Authority, serve: Serve, fetch: Callable[..., Fetched]
) -> None:
    site = serve(authority.certificate())
    fetched = fetch(f"{site.address}/a.html")
    assert fetched.body.decode() == PAGE
    assert fetched.certificate_verified


@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_that_cannot_be_trusted_ends_as_tls_and_says_what_to_do(
    kind: str, authority: Authority, tmp_path: Path, serve: Serve, fetch: Callable[..., Fetched]
) -> None:
    site = serve(untrusted(kind, authority, tmp_path))
    with pytest.raises(FetchError) as caught:
        fetch(f"{site.address}/a.html")
    error = caught.value
    assert error.outcome is Outcome.TLS
    assert all(words in error.detail for words in KINDS[kind]), error.detail
    assert "verify_tls = false" in error.detail
    assert not site.asked, "not even robots.txt is asked of somebody unknown"


@pytest.mark.parametrize("kind", KINDS)
def test_with_the_exception_the_same_page_is_read_and_marked(
    kind: str, authority: Authority, tmp_path: Path, serve: Serve, fetch: Callable[..., Fetched]
) -> None:
    site = serve(untrusted(kind, authority, tmp_path))
    fetched = fetch(f"{site.address}/a.html", exception_for(site))
    assert fetched.body.decode() == PAGE
    assert not fetched.certificate_verified
    assert site.asked[0][0] == "/robots.txt", "robots.txt is read by the same exception"


def test_an_exception_opens_nothing_for_others(
    tmp_path: Path, serve: Serve, fetch: Callable[..., Fetched]
) -> None:
    site = serve(self_signed(tmp_path))
    fetch(f"{site.address}/a.html", exception_for(site))
    asked = len(site.asked)
    with pytest.raises(FetchError) as caught:
        fetch(f"{site.address}/a.html")
    assert caught.value.outcome is Outcome.TLS, "a connection without verification served another source"
    assert len(site.asked) == asked


def test_a_redirect_to_another_host_is_verified_all_the_same(
    tmp_path: Path, serve: Serve, fetch: Callable[..., Fetched]
) -> None:
    context = self_signed(tmp_path)
    site, elsewhere = serve(context), serve(context)
    site["/away.html"] = redirect(f"https://localhost:{elsewhere.port}/a.html")
    with pytest.raises(FetchError) as caught:
        fetch(f"{site.address}/away.html", exception_for(site))
    assert caught.value.outcome is Outcome.TLS
    assert not elsewhere.asked


def test_a_page_reached_through_an_unverified_redirect_is_marked_too(
    authority: Authority, tmp_path: Path, serve: Serve, fetch: Callable[..., Fetched]
) -> None:
    site, elsewhere = serve(self_signed(tmp_path)), serve(authority.certificate("DNS:localhost"))
    site["/away.html"] = redirect(f"https://localhost:{elsewhere.port}/a.html")
    assert not fetch(f"{site.address}/away.html", exception_for(site)).certificate_verified


def test_no_exception_covers_a_server_that_speaks_no_tls(site: Site, fetch: Callable[..., Fetched]) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(f"https://{site.host}/a.html", Access(unverified_host="127.0.0.1"))
    assert caught.value.outcome is Outcome.TLS
    assert "check https in the address" in caught.value.detail


def test_the_advice_names_the_exception_and_its_danger() -> None:
    assert "verify_tls = false" in advice(Outcome.TLS)
    assert "篡改" in advice(Outcome.TLS)


def test_the_table_shows_the_exception() -> None:
    source = Source.model_validate({"name": "a", "url": "https://a.example/", "verify_tls": False})
    out = io.StringIO()
    Console(file=out, width=120).print(source_table([SourceRow.of(source)], ZoneInfo("Asia/Shanghai")))
    assert "不验证证书" in out.getvalue()


def test_an_operator_who_makes_an_exception_sees_it_everywhere(
    operator: Operator, tmp_path: Path, serve: Serve
) -> None:
    site = serve(self_signed(tmp_path))
    site["/list/"] = listing("/n/1.html")
    site["/n/1.html"] = posting()
    table = f"[[sources]]\nname = 'office'\nurl = '{site.address}/list/'\n"
    configuration = operator.folder / "qualwatch.toml"
    common = f"[fetching]\nallow_private_hosts = ['{site.host}']\ndelay_seconds = 0\n[metrics]\nport = 0\n"
    configuration.write_text(f"{common}{table}")
    refused = operator.run("run", "--once")
    assert refused.returncode == 1
    assert "certificate is not trusted" in refused.stdout
    configuration.write_text(f"{common}{table}verify_tls = false\n")
    assert "不验证证书" in operator.run("source", "test", "office").stdout
    taken = operator.run("backfill", "--source", "office", "--since", "2026-01-01")
    assert taken.returncode == 0, taken.stdout + taken.stderr
    assert "不验证证书" in operator.run("source", "list").stdout
    proof = operator.run("evidence", "1", "--output", "-")
    assert "未验证网站的 HTTPS 证书" in proof.stderr
    database = open_database(f"sqlite:///{operator.folder / 'var' / 'qualwatch.sqlite3'}")
    with Session(database) as session, EvidenceStore(operator.folder / "var" / "evidence") as store:
        version = session.exec(select(DocumentVersion)).one()
        assert not store.read(evidence_ref(version)).certificate_verified
    database.dispose()


def of_old(context: ssl.SSLContext) -> ssl.SSLContext:
    """A server that nobody has renewed: TLS 1.0 and nothing else."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def test_old_tls_is_refused_with_honest_advice_and_taken_where_its_source_allows_it(
    authority: Authority, serve: Serve, fetch: Callable[..., Fetched]
) -> None:
    site = serve(of_old(authority.certificate()))
    with pytest.raises(FetchError) as caught:
        fetch(f"{site.address}/a.html")
    assert caught.value.outcome is Outcome.TLS
    assert "old_tls = true" in caught.value.detail
    access = Access.to(Source.model_validate({"name": "a", "url": f"{site.address}/", "old_tls": True}))
    assert fetch(f"{site.address}/a.html", access).certificate_verified
    assert access.remarks == ("旧版 TLS",)


def test_old_tls_still_verifies_whose_certificate_it_is(
    authority: Authority, tmp_path: Path, serve: Serve, fetch: Callable[..., Fetched]
) -> None:
    site = serve(of_old(self_signed(tmp_path)))
    both = {"name": "a", "url": f"{site.address}/", "old_tls": True}
    with pytest.raises(FetchError) as caught:
        fetch(f"{site.address}/a.html", Access.to(Source.model_validate(both)))
    assert "signed it itself" in caught.value.detail
    unverified = Access.to(Source.model_validate({**both, "verify_tls": False}))
    assert not fetch(f"{site.address}/a.html", unverified).certificate_verified


def test_https_asked_of_a_server_without_tls_says_so(fetch: Callable[..., Fetched], site: Site) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(f"https://{site.host}/a.html")
    assert "with http" in caught.value.detail
