"""Pages that need scripts are drawn by a real Chromium, which reaches nothing that fetching would not."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from sqlmodel import Session, select

from crawling.fetching.advice import advice
from crawling.fetching.browser.processes import family, find_chromium, private_megabytes
from crawling.fetching.fetcher import Fetcher
from crawling.fetching.model import Access, Fetched, FetchError, FetchingStoppedError
from settings.model import Fetching
from storage.database import open_database
from storage.evidence import EvidenceStore
from storage.host_pace import HostTurns
from storage.proof import evidence_ref
from storage.tables import DocumentVersion
from tests.parts.certificates import self_signed
from tests.parts.databases import open_migrated
from tests.parts.house import POSTING, rows
from tests.parts.loopback import Answer, Site, answer, redirect
from tests.parts.operators import Operator
from vocabulary.codes import Outcome, PageKind

pytestmark = pytest.mark.skipif(
    shutil.which("chromium") is None, reason="needs a real browser (Debian: apt-get install chromium)"
)
DRAWN = Access(browser=True)
NAMES = {"flips.example.cn": ["203.0.114.7"], "private.example.cn": ["10.1.2.3"]}
Draw = Callable[..., Fetched]


def script(code: str, *, body: str = "<p id=shown>示例市某局公告</p>", **parts: object) -> Answer:
    head = "<!DOCTYPE html><html><head><title>公告</title></head>"
    return answer(f"{head}<body>{body}<script>{code}</script></body></html>", **parts)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    running = Site()
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _fresh(site: Site) -> None:
    site.answers.clear()
    site.asked.clear()


def settings(site: Site, **changes: object) -> Fetching:
    own = {"allow_private_hosts": (site.host,), "delay_seconds": 0, "timeout_seconds": 4, "total_seconds": 20}
    return Fetching.model_validate(own | {"max_bytes": 2 << 20} | changes)


@pytest.fixture(scope="module")
def fetcher(site: Site) -> Iterator[Fetcher]:
    """One browser for all of these tests: what one page leaves behind must not harm the next."""

    def resolver(host: str, _: int) -> list[str]:
        return NAMES.get(host) or [host]

    running = Fetcher(settings(site), resolver=resolver, sleep=lambda _: None)
    yield running
    running.close()


@pytest.fixture
def draw(fetcher: Fetcher, site: Site) -> Draw:
    def ask(path: str) -> Fetched:
        return fetcher.fetch(f"{site.address}{path}", kind=PageKind.PAGE, access=DRAWN)

    return ask


def failure(draw: Draw, path: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        draw(path)
    return caught.value


def test_a_list_that_a_script_builds_is_read(site: Site, draw: Draw) -> None:
    site["/list/"] = script(
        "fetch('/api', {method: 'POST', body: 'page=1'}).then(r => r.json()).then(all => {"
        "shown.innerHTML = all.map(n => `<a href='/n/${n}.html'>公告${n}</a>`).join('') })"
    )

    def api(handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        answer("[1,2,3]" if body == b"page=1" else "[]", media_type="application/json")(handler)

    site["/api"] = api
    fetched = draw("/list/")
    assert '<a href="/n/3.html">公告3</a>' in fetched.body.decode()
    assert b"/n/3.html" not in fetched.sent
    assert fetched.drawn_by.startswith("Chromium ")
    assert (fetched.media_type, fetched.charset, fetched.status) == ("text/html", "utf-8", 200)
    agents = {headers["User-Agent"] for _, headers in site.asked}
    assert agents == {"Qualwatch/0.1 (+mailto:qualwatch@localhost)"}


def test_a_page_in_gbk_is_read_without_mojibake(site: Site, draw: Draw) -> None:
    page = "<html><head><meta charset=gbk><title>公告</title></head><p>会计从业资格证</p></html>"
    site["/gbk.html"] = answer(page.encode("gbk"), media_type="text/html")
    fetched = draw("/gbk.html")
    assert "会计从业资格证" in fetched.body.decode()
    assert fetched.sent == page.encode("gbk")


def _challenge(handler: BaseHTTPRequestHandler) -> None:
    """412 with a script that sets a cookie, as 瑞数 does; 200 for whoever brings it."""
    if "passed=yes" in handler.headers.get("Cookie", "") and "seen=1" in handler.headers.get("Cookie", ""):
        answer("<html><title>公告</title><p>某局招聘文员，学历不限。</p></html>")(handler)
        return
    code = "setTimeout(() => { document.cookie = 'passed=yes'; location.reload() }, 1500)"
    script(code, body="", status=412, Set_Cookie="seen=1; HttpOnly")(handler)


def test_a_javascript_challenge_is_passed(site: Site, draw: Draw) -> None:
    site["/n/1.html"] = _challenge
    fetched = draw("/n/1.html")
    assert fetched.status == 200
    assert "某局招聘文员" in fetched.body.decode()
    site.asked.clear()
    draw("/n/1.html")
    assert "Cookie" not in site.asked[0][1], "the next page begins without the cookies of the last"


def test_without_a_browser_a_challenge_is_blocked_with_advice_that_names_it(
    site: Site, fetcher: Fetcher
) -> None:
    site["/n/1.html"] = _challenge
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(f"{site.address}/n/1.html", kind=PageKind.PAGE)
    assert caught.value.outcome is Outcome.BLOCKED
    assert "browser = true" in advice(Outcome.BLOCKED, caught.value.detail)
    assert "browser = true" not in advice(Outcome.BLOCKED, "the server refuses us (status 403)")


def test_a_challenge_that_never_lets_us_in_stays_blocked(site: Site, draw: Draw) -> None:
    site["/n/1.html"] = script("document.cookie = 'a=b'", body="", status=412)
    assert failure(draw, "/n/1.html").outcome is Outcome.BLOCKED


REFUSED = (
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1:1/",
    "http://localhost:1/",
    "http://[::1]:1/",
    "http://2130706433:1/",
    "http://private.example.cn/",
    "ftp://127.0.0.1/",
    "file:///etc/passwd",
    "chrome://version/",
)


@pytest.fixture
def inside() -> Iterator[tuple[int, list[bytes]]]:
    """A server and a UDP socket inside the house, at one port, and what reached either of them."""
    heard: list[bytes] = []
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.socket(type=socket.SOCK_DGRAM) as datagrams,
    ):
        port = listening.getsockname()[1]
        datagrams.bind(("127.0.0.1", port))
        datagrams.settimeout(0.1)
        listening.settimeout(0.1)
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                with contextlib.suppress(OSError), listening.accept()[0] as connection:
                    heard.append(connection.recv(100))
                with contextlib.suppress(OSError):
                    heard.append(datagrams.recv(100))

        thread = threading.Thread(target=listen)
        thread.start()
        yield port, heard
        over.set()
        thread.join()


def test_nothing_inside_the_house_is_reached_by_any_door(
    site: Site, draw: Draw, inside: tuple[int, list[bytes]]
) -> None:
    port, heard = inside
    here = f"127.0.0.1:{port}"
    doors = (
        f"fetch('http://{here}/fetch', {{mode: 'no-cors'}}).catch(() => 0)",
        f"new XMLHttpRequest().open('GET', 'http://{here}/xhr')",
        f"navigator.sendBeacon('http://{here}/beacon', 'x')",
        f"fetch('http://{here}/keepalive', {{keepalive: true, mode: 'no-cors'}}).catch(() => 0)",
        f"new WebSocket('ws://{here}/socket')",
        f"new EventSource('http://{here}/events')",
        f"new Image().src = 'http://{here}/picture'",
        f"new Worker(URL.createObjectURL(new Blob([\"fetch('http://{here}/worker',{{mode:'no-cors'}})\"])))",
        f"new SharedWorker(URL.createObjectURL(new Blob([\"fetch('http://{here}/shared',{{mode:'no-cors'}})\"])))",
        f"window.open('http://{here}/window')",
        f"const peer = new RTCPeerConnection({{iceServers: [{{urls: 'stun:{here}'}}]}});"
        "peer.createDataChannel('x'); peer.createOffer().then(offer => peer.setLocalDescription(offer))",
        f"new WebTransport('https://{here}/transport')",
        f"const f = document.createElement('iframe'); f.src = 'http://{here}/frame'; document.body.append(f)",
        "const g = document.createElement('iframe'); document.body.append(g);"
        f"new g.contentWindow.RTCPeerConnection({{iceServers: [{{urls: 'stun:{here}'}}]}})"
        ".createDataChannel('x')",
    )
    tags = "".join(
        f"<{tag}>"
        for tag in (
            f"link rel=stylesheet href='http://{here}/style'",
            f"link rel=preload as=script href='http://{here}/preload'",
            f"link rel=prefetch href='http://{here}/prefetch'",
            f"link rel=preconnect href='http://{here}/'",
            f"link rel=icon href='http://{here}/icon'",
            f"video src='http://{here}/film'",
            f"object data='http://{here}/object'",
        )
    )
    rules = json.dumps({"prerender": [{"urls": [f"http://{here}/prerender"], "eagerness": "immediate"}]})
    code = "".join(f"try {{ {door} }} catch (error) {{ }}\n" for door in doors)
    site["/doors.html"] = script(
        code, body=f"<p>示例市某局公告</p>{tags}<script type=speculationrules>{rules}</script>"
    )
    assert "示例市某局公告" in draw("/doors.html").body.decode()
    time.sleep(1)
    assert heard == []


@pytest.mark.parametrize("target", REFUSED)
def test_a_page_that_leads_inside_ends_as_refused_or_stays_where_it_is(
    site: Site, draw: Draw, target: str
) -> None:
    site["/to.html"] = script(f"location.href = '{target}'")
    if target.startswith("http"):
        assert failure(draw, "/to.html").outcome is Outcome.REFUSED_ADDRESS
    else:
        assert "示例市某局公告" in draw("/to.html").body.decode()


def test_a_redirect_inside_is_refused_on_every_hop(site: Site, draw: Draw) -> None:
    site["/hop.html"] = redirect("http://169.254.169.254/")
    site["/page.html"] = script("location.href = '/hop.html'")
    assert failure(draw, "/page.html").outcome is Outcome.REFUSED_ADDRESS
    site["/part.js"] = redirect("http://127.0.0.1:1/x.js")
    site["/parts.html"] = answer("<p>示例市某局公告</p><script src=/part.js></script>")
    assert "示例市某局公告" in draw("/parts.html").body.decode()


def test_a_name_that_flips_to_an_inside_address_is_refused(site: Site, draw: Draw) -> None:
    """Chromium resolves nothing: what it asks for is resolved, checked and connected to in one step."""
    site["/flip.html"] = script(
        f"fetch('http://flips.example.cn:{site.port}/secret').finally(() => {{ shown.textContent = '完' }})"
    )
    NAMES["flips.example.cn"] = ["127.0.0.1"]
    assert "完" in draw("/flip.html").body.decode()
    assert "/secret" not in site.paths()


def test_nothing_is_sent_to_other_sites(site: Site, draw: Draw) -> None:
    site["/send.html"] = script(
        f"fetch('http://localhost:{site.port}/sent', {{method: 'POST', mode: 'no-cors', body: 'x'}})"
        ".catch(() => { shown.textContent = '不发' })"
    )
    assert "不发" in draw("/send.html").body.decode()
    assert "/sent" not in site.paths()


def test_robots_are_asked_before_a_part_is(site: Site) -> None:
    site["/robots.txt"] = answer("User-agent: *\nDisallow: /api/\n", media_type="text/plain")
    site["/robots.html"] = script("fetch('/api/list').catch(() => { shown.textContent = '不许' })")
    fetcher = Fetcher(settings(site), sleep=lambda _: None)
    fetched = fetcher.fetch(f"{site.address}/robots.html", kind=PageKind.PAGE, access=DRAWN)
    fetcher.close()
    assert "不许" in fetched.body.decode()
    assert site.paths() == ["/robots.html"]


def test_a_script_without_end_ends_as_timeout_and_harms_nobody_after_it(site: Site, draw: Draw) -> None:
    site["/loop.html"] = script("while (true) { }")
    error = failure(draw, "/loop.html")
    assert error.outcome is Outcome.TIMEOUT
    assert "scripts" in error.detail
    site["/after.html"] = script("shown.textContent = '照常'")
    assert "照常" in draw("/after.html").body.decode()


def test_a_page_that_never_rests_is_read_as_far_as_it_has_come(site: Site, draw: Draw) -> None:
    site["/ticking.html"] = script("let n = 0; setInterval(() => fetch('/tick?' + n++), 150)")
    site["/tick"] = answer("x")
    assert "示例市某局公告" in draw("/ticking.html").body.decode()
    assert len(site.paths()) <= 102


@pytest.mark.parametrize("what", ["textContent = '大'", "innerHTML = '<b>大</b>'"])
def test_a_giant_page_is_too_large(site: Site, what: str) -> None:
    site["/giant.html"] = script(f"shown.{what}.repeat(800000)")
    # Time enough for any machine to draw it: what is asked here is what its size does, not how long it takes.
    fetcher = Fetcher(settings(site, timeout_seconds=60, total_seconds=120), sleep=lambda _: None)
    try:
        with pytest.raises(FetchError) as caught:
            fetcher.fetch(f"{site.address}/giant.html", kind=PageKind.PAGE, access=DRAWN)
    finally:
        fetcher.close()
    assert caught.value.outcome is Outcome.TOO_LARGE


def test_a_page_that_eats_memory_is_ended(site: Site) -> None:
    site["/eater.html"] = script(
        "const all = []; const eat = () => { for (let n = 0; n < 20; n++) {"
        "all.push(new Uint8Array(1 << 20).fill(7)) } setTimeout(eat, 5) }; eat()"
    )
    site["/after.html"] = script("shown.textContent = '照常'")
    limited = settings(site, browser_megabytes=400, timeout_seconds=20, total_seconds=60)
    fetcher = Fetcher(limited, sleep=lambda _: None)
    try:
        with pytest.raises(FetchError) as caught:
            fetcher.fetch(f"{site.address}/eater.html", kind=PageKind.PAGE, access=DRAWN)
        assert caught.value.outcome is Outcome.TOO_LARGE
        after = fetcher.fetch(f"{site.address}/after.html", kind=PageKind.PAGE, access=DRAWN)
        assert "照常" in after.body.decode()
    finally:
        fetcher.close()


def test_a_download_leaves_the_page_that_offers_it(site: Site, draw: Draw) -> None:
    site["/file.pdf"] = answer(b"%PDF-1.4", media_type="application/pdf", Content_Disposition="attachment")
    site["/download.html"] = script(
        "location.href = '/file.pdf'", body="<p>示例市某局公告</p><a id=a href=/file.pdf download>附件</a>"
    )
    fetched = draw("/download.html")
    assert "示例市某局公告" in fetched.body.decode()
    assert fetched.final_url.endswith("/download.html")


def test_a_file_is_fetched_as_it_is(site: Site, fetcher: Fetcher) -> None:
    site["/file.pdf"] = answer(b"%PDF-1.4", media_type="application/pdf")
    for kind in (PageKind.PAGE, PageKind.ATTACHMENT):
        fetched = fetcher.fetch(f"{site.address}/file.pdf", kind=kind, access=DRAWN)
        assert (fetched.body, fetched.drawn_by) == (b"%PDF-1.4", "")


def test_where_scripts_lead_is_where_the_page_is(site: Site, draw: Draw) -> None:
    site["/old.html"] = script("location.href = '/hop.html'", body="")
    site["/hop.html"] = redirect("/new.html", Set_Cookie="way=1")
    site["/new.html"] = script("shown.textContent += document.cookie")
    fetched = draw("/old.html")
    assert fetched.final_url == f"{site.address}/new.html"
    assert "way=1" in fetched.body.decode()
    assert fetched.redirects


def test_a_page_that_moves_on_for_ever_is_an_error(site: Site, draw: Draw) -> None:
    site["/on.html"] = script("location.href = '/on.html?' + Math.random()")
    error = failure(draw, "/on.html")
    assert error.outcome is Outcome.ERROR
    assert "moves on" in error.detail


def test_alerts_and_windows_do_not_hold_a_page_up(site: Site, draw: Draw) -> None:
    site["/loud.html"] = script(
        "alert(1); confirm(2); window.open('/other.html'); shown.textContent = '读完'"
    )
    site["/other.html"] = script("")
    assert "读完" in draw("/loud.html").body.decode()


def test_a_page_is_drawn_over_https_and_its_exception_is_marked(tmp_path: Path) -> None:
    secure = Site(self_signed(tmp_path))
    secure["/a.html"] = script("fetch('/data').then(r => r.text()).then(t => { shown.textContent = t })")
    secure["/data"] = answer("名单", media_type="text/plain; charset=utf-8")
    fetcher = Fetcher(settings(secure), sleep=lambda _: None)
    url = f"{secure.address}/a.html"
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(url, kind=PageKind.PAGE, access=DRAWN)
    assert caught.value.outcome is Outcome.TLS
    fetched = fetcher.fetch(url, kind=PageKind.PAGE, access=Access(unverified_host="127.0.0.1", browser=True))
    fetcher.close()
    secure.close()
    assert "名单" in fetched.body.decode()
    assert not fetched.certificate_verified


def test_what_is_gone_or_broken_needs_no_browser(site: Site, draw: Draw) -> None:
    assert failure(draw, "/nowhere.html").outcome is Outcome.GONE
    site["/soft.html"] = script("shown.textContent = '抱歉，您访问的页面不存在'")
    assert failure(draw, "/soft.html").outcome is Outcome.GONE


def test_a_busy_host_is_left_alone_by_other_programs_too(site: Site, tmp_path: Path) -> None:
    site["/busy"] = answer("<p>too many</p>", status=429, Retry_After="300")
    site["/robots.txt"] = answer("", status=404)
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        other.stop()

    own = settings(site, delay_seconds=0.01)
    engine = open_migrated(f"sqlite:///{tmp_path / 'q.sqlite3'}")
    drawing = Fetcher(own, turns=HostTurns(engine))
    other = Fetcher(own, turns=HostTurns(engine), sleep=wait)
    with contextlib.closing(drawing), contextlib.closing(other):
        with pytest.raises(FetchError, match="429"):
            drawing.fetch(f"{site.address}/busy", kind=PageKind.PAGE, access=DRAWN)
        with pytest.raises(FetchingStoppedError):
            other.fetch(f"{site.address}/a", kind=PageKind.PAGE)
    engine.dispose()
    assert waited[-1] > 100
    assert "/a" not in site.paths()


def test_what_changed_is_never_asked_conditionally(site: Site, fetcher: Fetcher) -> None:
    site["/n/1.html"] = script("shown.textContent = '新'", ETag='"1"')
    fetched = fetcher.fetch(f"{site.address}/n/1.html", kind=PageKind.PAGE, etag='"1"', access=DRAWN)
    assert "If-None-Match" not in site.asked[-1][1]
    assert (fetched.etag, fetched.last_modified) == ("", "")


def test_an_end_of_the_daemon_ends_a_page_under_way(site: Site) -> None:
    site["/ticking.html"] = script("setInterval(() => fetch('/tick'), 100)")
    site["/tick"] = answer("x")
    fetcher = Fetcher(settings(site, timeout_seconds=30, total_seconds=60), sleep=lambda _: None)
    begun = threading.Timer(3, fetcher.stop)
    begun.start()
    with pytest.raises(FetchingStoppedError):
        fetcher.fetch(f"{site.address}/ticking.html", kind=PageKind.PAGE, access=DRAWN)
    begun.join()
    fetcher.close()


def test_the_browser_leaves_no_process_and_no_file_behind(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    site["/a.html"] = script("")
    before = set(family(threading.get_native_id()))
    fetcher = Fetcher(settings(site), sleep=lambda _: None)
    fetcher.fetch(f"{site.address}/a.html", kind=PageKind.PAGE, access=DRAWN)
    fetcher.close()
    assert set(family(threading.get_native_id())) <= before
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_is_none_is_an_error_that_says_what_to_install(site: Site) -> None:
    site["/a.html"] = script("")
    fetcher = Fetcher(settings(site, browser_path="/nowhere/chromium"), sleep=lambda _: None)
    with pytest.raises(FetchError, match="apt-get install chromium"):
        fetcher.fetch(f"{site.address}/a.html", kind=PageKind.PAGE, access=DRAWN)
    fetcher.close()


def test_chromium_is_found_in_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert find_chromium("").endswith("chromium")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FetchError, match="no Chromium is in PATH"):
        find_chromium("")


def test_without_the_extra_the_source_says_what_to_install(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site["/a.html"] = script("")
    for name in [name for name in sys.modules if name.startswith("crawling.fetching.browser.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "playwright.async_api", None)
    fetcher = Fetcher(settings(site), sleep=lambda _: None)
    with pytest.raises(
        FetchError, match=r"browser = true needs playwright.*pip install 'qualwatch\[browser\]'"
    ):
        fetcher.fetch(f"{site.address}/a.html", kind=PageKind.PAGE, access=DRAWN)
    assert fetcher.fetch(f"{site.address}/a.html", kind=PageKind.PAGE).status == 200, "others go on"
    fetcher.close()


def test_a_driver_that_does_not_start_says_what_to_install(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site["/a.html"] = script("")
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", "/bin/false")
    fetcher = Fetcher(settings(site), sleep=lambda _: None)
    with pytest.raises(FetchError, match="apt-get install libatomic1"):
        fetcher.fetch(f"{site.address}/a.html", kind=PageKind.PAGE, access=DRAWN)
    fetcher.close()


def test_a_daemon_loads_no_browser_until_a_page_needs_one() -> None:
    code = "import jobs.daemon, sys; print([name for name in sys.modules if 'playwright' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_memory_of_a_family_is_counted() -> None:
    assert private_megabytes(threading.get_native_id()) > 1


@pytest.mark.long
def test_an_operator_watches_a_list_that_needs_a_browser(operator: Operator, site: Site) -> None:
    """With the other source, which needs none, in the same house; the evidence keeps both bodies."""
    notices = "".join(f"%{byte:02x}" for byte in rows("/n/1.html", "/n/2.html", "/n/3.html").encode())
    site["/list/"] = script(f"shown.innerHTML = decodeURIComponent('{notices}')", body="<ul id=shown></ul>")
    for number in (1, 2, 3):
        site[f"/n/{number}.html"] = script(f"shown.textContent = '{POSTING}{number}'")
    (operator.folder / "qualwatch.toml").write_text(
        f"[fetching]\nallow_private_hosts = ['{site.host}']\ndelay_seconds = 0\n[metrics]\nport = 0\n"
        f"[[sources]]\nname = 'drawn'\nurl = '{site.address}/list/'\nbrowser = true\n"
        f"[[sources]]\nname = 'plain'\nurl = '{site.address}/list/'\n"
    )
    shown = operator.run("source", "test", "drawn").stdout
    assert "浏览器" in shown
    assert "由 Chromium" in shown
    visited = operator.run("run", "--once")
    assert "drawn：正常，列表 1 页，页面 3 个" in visited.stdout, visited.stdout + visited.stderr
    assert "plain：无内容" in visited.stdout
    assert "由 Chromium" in operator.run("evidence", "1", "--output", "-").stderr
    database = open_database(f"sqlite:///{operator.folder / 'var' / 'qualwatch.sqlite3'}")
    with Session(database) as session, EvidenceStore(operator.folder / "var" / "evidence") as store:
        record = store.read(evidence_ref(session.exec(select(DocumentVersion)).all()[0]))
        assert record.drawn_by.startswith("Chromium ")
        assert POSTING in record.body.decode()
    database.dispose()
