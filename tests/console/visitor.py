"""Somebody with a browser of their own: requests over real sockets, and a reader of pages."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from html.parser import HTMLParser
from http.cookiejar import Cookie
from typing import cast
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from sqlalchemy import Engine, event
from sqlmodel import Session, col, select

from alerts.delivery.links import case_links, desk_link
from alerts.metrics.collected import Metrics
from console.serving import serve_console
from detection.model import Mention
from jobs.context import Context
from settings.console import Console
from storage.tables import Case, CaseEvent
from tests.alerts.stored import NOW, Posting, report
from vocabulary.codes import CaseState

_FOREIGN = frozenset(
    ("script", "img", "svg", "object", "embed", "style", "video", "math", "base", "marquee", "noscript")
)
"""Elements that no page of ours has."""
Fields = Mapping[str, str | Sequence[str]]
TEXT = "一、出纳1名。\n二、条件：须持有会计从业资格证，联系电话13812345678。\n三、待遇面议。"


class Clock:
    """A time that moves when it is told to."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


class Page(HTMLParser):
    """What a page says, and what its forms would send."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.marked: list[str] = []
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._within: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append((tag, values))
        self._within.append(tag)
        if tag == "form":
            self.forms.append((str(values["action"]), {}))
        if tag == "input" and values.get("type") == "hidden":
            self.forms[-1][1][str(values["name"])] = str(values["value"])

    def handle_endtag(self, tag: str) -> None:
        while self._within and self._within.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.words += data
        if "mark" in self._within:
            self.marked.append(data)

    def names(self) -> set[str]:
        """Kinds of elements."""
        return {tag for tag, _ in self.tags}

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [values for name, values in self.tags if name == tag]

    def require_harmless(self, *known: str, allowed: Set[str] = frozenset()) -> None:
        """Nothing in it runs, loads or leads elsewhere, but for what begins with one of ``known``."""
        assert not self.names() & _FOREIGN - allowed
        for tag, values in self.tags:
            assert not [name for name in values if name.startswith("on") or name in {"style", "srcdoc"}]
            for name in ("href", "src", "action", "formaction"):
                place = str(values.get(name, "/"))
                assert place.startswith(("/", "#", *known)), (tag, place)
                assert not place.startswith("//")

    def steps(self) -> list[str]:
        """The steps that are offered."""
        return [hidden["step"] for _, hidden in self.forms if "step" in hidden]

    def open_steps(self) -> list[str]:
        """Those whose form is open."""
        opened = self.attributes("details")
        return [step for step, values in zip(self.steps(), opened, strict=True) if "open" in values]


@dataclass
class Room:
    """The console, and what stands behind it."""

    url: str
    context: Context
    metrics: Metrics

    @property
    def engine(self) -> Engine:
        return self.context.engine

    def report(self, posting: Posting | None = None, *mentions: Mention) -> int:
        """Open a case; its number."""
        settings = self.context.settings
        opened = report(self.engine, settings, posting or Posting(TEXT), *mentions, now=self.context.now())
        return opened.opened[0]

    def copies(self, changes: Sequence[Mapping[str, object]]) -> list[int]:
        """Open cases by the hundred: like a reported one but for ``changes``, and without its findings."""
        first = self.report()
        with Session(self.engine) as session, session.begin():
            values = session.get_one(Case, first).model_dump(exclude={"id", "key"})
            made = [
                Case(**{**values, **change}, key=f"copy{number}") for number, change in enumerate(changes)
            ]
            session.add_all(made)
            session.flush()
            return [first, *(case.id or 0 for case in made)]

    def link(self, case: int, purpose: str = "open", to: str = "wang@example.com") -> str:
        return case_links(self.context.settings, case, to, self.context.now())[purpose]

    def wait(self, **time: float) -> None:
        assert isinstance(self.context.now, Clock)
        self.context.now.at += timedelta(**time)

    def get(self, url: str, **headers: str) -> requests.Response:
        return requests.get(url, headers=headers, timeout=10, allow_redirects=False)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> requests.Response:
        return requests.post(
            urljoin(self.url, path), data=fields, headers=headers, timeout=10, allow_redirects=False
        )

    def take(self, link: str, step: str, **fields: str) -> requests.Response:
        """Open ``link``, fill in the form of ``step`` and send it."""
        page = Page(self.get(link).text)
        action, hidden = next(form for form in page.forms if form[1].get("step") == step)
        return self.post(action, {**hidden, **fields})

    def follow(self, answer: requests.Response) -> Page:
        """The page that a redirect leads to."""
        assert answer.status_code == 303, answer.text
        shown = self.get(urljoin(self.url, answer.headers["Location"]))
        assert shown.status_code == 200
        return Page(shown.text)

    def state(self, case: int) -> CaseState:
        with Session(self.engine) as session:
            return session.get_one(Case, case).state

    def events(self, case: int) -> list[CaseEvent]:
        with Session(self.engine, expire_on_commit=False) as session:
            found = select(CaseEvent).where(CaseEvent.case_id == case).order_by(col(CaseEvent.id))
            return list(session.exec(found).all())

    def desk_link(self, to: str) -> str:
        return desk_link(self.context.settings, to, self.context.now())

    def enter(self, email: str) -> Seat:
        """Come to the desk by a link."""
        seat = Seat(self.url)
        answer = seat.get(self.desk_link(email))
        assert answer.status_code == 303, answer.text
        return seat

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """What the database is asked while the block runs."""
        said: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            said.append(statement)

        event.listen(self.engine, "before_cursor_execute", note)
        yield said
        event.remove(self.engine, "before_cursor_execute", note)

    def requests_counted(self, route: str, status: int) -> float:
        found = self.metrics.registry.get_sample_value(
            "qualwatch_console_requests_total", {"route": route, "status": str(status)}
        )
        return found or 0.0


class Seat:
    """A browser that has come to the desk and keeps its cookie."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    @property
    def cookie(self) -> Cookie:
        """The only one that they were given."""
        (cookie,) = cast("Iterable[Cookie]", self.session.cookies)
        return cookie

    @property
    def key(self) -> dict[str, str]:
        """What every form of theirs says to show that it is theirs."""
        return {
            "form_key": next(hidden["form_key"] for _, hidden in self.first().forms if "form_key" in hidden)
        }

    def key_of(self, path: str) -> dict[str, str]:
        return {
            "form_key": next(
                hidden["form_key"] for _, hidden in self.page(path).forms if "form_key" in hidden
            )
        }

    def first(self) -> Page:
        """The page that the bare address leads to."""
        answer = self.get("/")
        return self.page(answer.headers["Location"]) if answer.status_code == 303 else Page(answer.text)

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.session.get(urljoin(self.url, path), headers=headers, timeout=10, allow_redirects=False)

    def page(self, path: str) -> Page:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return Page(answer.text)

    def send(self, path: str, to: str = "", /, **fields: str) -> requests.Response:
        """Open a page, fill in its form that goes ``to`` (of several the one for that step), and send it."""
        forms = [form for form in self.page(path).forms if urlsplit(form[0]).path == to or not to]
        action, hidden = next((form for form in forms if form[1].get("step") == fields.get("step")), forms[0])
        return self.post(action, {**hidden, **fields})

    def post(self, path: str, fields: Fields, **headers: str) -> requests.Response:
        return self.session.post(
            urljoin(self.url, path), data=fields, headers=headers, timeout=10, allow_redirects=False
        )


def token_of(link: str) -> str:
    (token,) = parse_qs(urlsplit(link).query)["token"]
    return token


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


@contextmanager
def served(context: Context, *, is_default: bool = False, **console: object) -> Iterator[Room]:
    """A console whose settings are changed; ``is_default``: as if nobody had written them."""
    changed = context.settings.console.model_copy(update=console)
    if is_default:
        changed = Console.model_construct(set(), **dict(changed))
    settings = context.settings.model_copy(update={"console": changed})
    there = dataclasses.replace(context, settings=settings)
    metrics = Metrics(context.engine, (), context.now)
    with serve_console(lambda: there, metrics) as (url, _):
        yield Room(url, there, metrics)
