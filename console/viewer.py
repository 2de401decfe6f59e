"""Who stands at the desk, and what they may see and do there.

``viewer_of`` is the one place where a request becomes a ``Viewer``, and pages ask nothing else. Where there
are accounts, a cookie names a session of one (``console.signing_in``). Without accounts, a signed link that
somebody is handed (``qualwatch case desk``) opens the desk for its owner for a working day: a cookie says who
that is, and every page asks the configuration anew whether they are still somebody here.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import ip_address

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from accounts import people, rights, second_factor, sessions
from alerts.delivery.links import ForgedLink, read_signed, sign
from alerts.languages import Language, language
from alerts.notifications.letters import shown
from alerts.recipients import addressee, supervisor_of
from cases.case_filter import CaseScope
from console.desk import Desk
from settings.model import Settings
from storage.database import for_reading, one_transaction
from vocabulary.names import CHINESE
from vocabulary.people import Role

COOKIE = "qualwatch_desk"
SESSION_COOKIE = "qualwatch_session"
LANGUAGE_COOKIE = "qualwatch_language"
HOURS = 10
"""How long somebody stays at the desk without opening a new link: a working day."""
_SALT = "qualwatch.console.desk"
_LANGUAGES = (CHINESE, "en")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody at the desk."""

    email: str
    """What their steps are recorded under."""
    name: str
    language: str
    role: Role
    scope: CaseScope
    """The cases that they may see, in every list, page and export."""
    form_key: str
    """In every form that they send, and known to nobody else: against forms of other sites (CSRF)."""
    has_account: bool = False
    lacks_code: bool = False
    """Whether they have to set up a second factor before anything else."""

    @property
    def may_decide(self) -> bool:
        return self.role is not Role.VIEWER

    @property
    def is_administrator(self) -> bool:
        return self.role is Role.ADMINISTRATOR

    @property
    def speech(self) -> Language:
        return language(self.language)


def viewer_of(desk: Desk, request: Request) -> Viewer | None:
    """Who sends ``request``; None where that is nobody here. Asks the database."""
    viewer = _signed_in(desk, request)
    if viewer is None and not has_accounts(desk):
        viewer = _by_link(desk, request)
    if viewer is None:
        return None
    spoken = request.cookies.get(LANGUAGE_COOKIE, "")
    return replace(viewer, language=spoken) if spoken in _LANGUAGES else viewer


def has_accounts(desk: Desk) -> bool:
    """Whether people sign in here: without accounts, signed links open what they name."""
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        return people.exist(session)


@one_transaction
def _signed_in(desk: Desk, request: Request) -> Viewer | None:
    """Whose session the cookie is of; None where it is none, or none any more."""
    token, context = request.cookies.get(SESSION_COOKIE, ""), desk.context
    if not token:
        return None
    rules, now = desk.settings.accounts, context.now()
    with Session(for_reading(context.engine), expire_on_commit=False) as session, session.begin():
        found = sessions.find(session, token, rules, now)
        if found is None:
            return None
        account = found.account
        viewer = Viewer(
            email=account.email,
            name=shown(account.name, 60),
            language=account.language if account.language in _LANGUAGES else CHINESE,
            role=account.role,
            scope=rights.scope_of(session, desk.settings, account, context.today()),
            form_key=hashlib.sha256(f"form {token}".encode()).hexdigest(),
            has_account=True,
            lacks_code=second_factor.is_missing(account, rules),
        )
    if sessions.is_to_be_noted(found, now):
        with context.transaction() as session:
            sessions.note(session, found, now)
    return viewer


def _by_link(desk: Desk, request: Request) -> Viewer | None:
    token = request.cookies.get(COOKIE, "")
    if not token:
        return None
    try:
        email = read_signed(desk.settings, _SALT, token, desk.context.now())
    except ForgedLink:
        return None
    return viewer_by_email(desk.settings, email, hashlib.sha256(token.encode()).hexdigest())


def viewer_by_email(settings: Settings, email: str, form_key: str) -> Viewer | None:
    """What the configuration says of ``email``; None where it is nobody's here."""
    person = addressee(settings, email)
    if person is None:
        return None
    is_administrator = person.email.casefold() == settings.administrator.casefold()
    return Viewer(
        email=person.email,
        name=shown(person.name or person.email, 60),
        language=person.language,
        role=Role.ADMINISTRATOR if is_administrator else Role.REVIEWER,
        scope=CaseScope() if is_administrator else _scope(settings, person.email),
        form_key=form_key,
    )


def let_in(desk: Desk, response: Response, email: str) -> None:
    """Have the browser say from now on that it is ``email``'s."""
    until = desk.context.now() + timedelta(hours=HOURS)
    _set_cookie(desk, response, COOKIE, sign(desk.settings, _SALT, email, until), HOURS * 3600)


def let_sign_in(desk: Desk, response: Response, token: str) -> None:
    """Have the browser bear the token of its session from now on."""
    hours = desk.settings.accounts.session_hours
    _set_cookie(desk, response, SESSION_COOKIE, token, hours * 3600)


def remember(desk: Desk, response: Response, name: str, value: str, seconds: int) -> None:
    """Have the browser bear ``value`` for a while."""
    _set_cookie(desk, response, name, value, seconds)


def forget(desk: Desk, response: Response, name: str) -> None:
    response.delete_cookie(name, path=_path(desk))


@one_transaction
def let_out(desk: Desk, request: Request, response: Response) -> None:
    """End the session, or the stay that a link began."""
    token, context = request.cookies.get(SESSION_COOKIE, ""), desk.context
    if token:
        with context.transaction() as session:
            sessions.end(session, token, now=context.now(), origin=origin_of(request))
    for cookie in (COOKIE, SESSION_COOKIE):
        response.delete_cookie(cookie, path=_path(desk))


def origin_of(request: Request) -> str:
    """Address of the machine that asks, as far as it is known.

    A reverse proxy on this machine says it in ``X-Forwarded-For``; nobody else is believed.
    """
    peer = request.client.host if request.client else ""
    said = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    try:
        return str(ip_address(said)) if said and ip_address(peer).is_loopback else peer[:64]
    except ValueError:
        return peer[:64]


def language_of(request: Request) -> Language:
    """What somebody is addressed in who has not entered: as they chose before, else Chinese."""
    chosen = request.query_params.get("language", request.cookies.get(LANGUAGE_COOKIE, ""))
    return language(chosen if chosen in _LANGUAGES else CHINESE)


def speak(desk: Desk, response: Response, code: str) -> None:
    """Have every page in that language from now on; another one is none that is spoken here."""
    if code in _LANGUAGES:
        _set_cookie(desk, response, LANGUAGE_COOKIE, code, 365 * 86400)


def is_own_form(viewer: Viewer, key: str) -> bool:
    """Whether a form came from a page that ``viewer`` was shown."""
    return hmac.compare_digest(viewer.form_key.encode(), key.encode("utf-8", "replace"))


def _scope(settings: Settings, email: str) -> CaseScope:
    """A supervisor's own field, and that of everybody below them."""
    own = supervisor_of(settings, email)
    below = tuple(
        CaseScope(each.regions, each.departments)
        for each in settings.supervisors
        if each.superior and each.superior.casefold() == email.casefold()
    )
    if own is not None:
        return CaseScope(own.regions, own.departments, email, below)
    first, *others = below or (CaseScope(),)
    return CaseScope(first.regions, first.departments, email, tuple(others))


def _set_cookie(desk: Desk, response: Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path=_path(desk),
        secure=desk.settings.console.base_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )


def _path(desk: Desk) -> str:
    return desk.prefix or "/"
