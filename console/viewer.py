"""Who stands at the desk, and what they may see and do there.

``viewer_of`` is the one place where a request becomes a ``Viewer``, and pages ask nothing else. Without
accounts, a signed link that somebody is handed (``qualwatch case desk``) opens the desk for its owner for a
working day: a cookie says who that is, and every page asks the configuration anew whether they are still
somebody here.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from alerts.delivery.links import ForgedLink, read_signed, sign
from alerts.languages import Language, language
from alerts.notifications.letters import shown
from alerts.recipients import addressee, supervisor_of
from cases.case_filter import CaseScope
from console.desk import Desk
from settings.model import Settings
from vocabulary.codes import Role
from vocabulary.names import CHINESE

COOKIE = "qualwatch_desk"
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
    """Who sends ``request``; None where that is nobody here."""
    token = request.cookies.get(COOKIE, "")
    if not token:
        return None
    try:
        email = read_signed(desk.settings, _SALT, token, desk.context.now())
    except ForgedLink:
        return None
    viewer = viewer_by_email(desk.settings, email, hashlib.sha256(token.encode()).hexdigest())
    if viewer is None:
        return None
    spoken = request.cookies.get(LANGUAGE_COOKIE, "")
    return replace(viewer, language=spoken) if spoken in _LANGUAGES else viewer


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


def let_out(desk: Desk, response: Response) -> None:
    response.delete_cookie(COOKIE, path=_path(desk))


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
