"""The answers: who asks, what they may see, and the rows as models."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError
from sqlmodel import Session, select
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accounts import rights, tokens
from accounts.second_factor import is_missing
from alerts.notifications.letters import shown
from cases.case_filter import CaseScope
from cases.exceptions import set_exception
from cases.queries import list_cases, may_see, read_case
from cases.steps import (
    IllegalStep,
    IncompleteStep,
    UnknownCase,
    dismissal_words,
    possible_steps,
    take_step,
)
from console.api.schema import (
    AccountOut,
    CaseFileOut,
    CaseOut,
    CaseQuery,
    CasesOut,
    EventOut,
    FindingOut,
    StateOut,
    StepTaken,
)
from console.desk import Desk
from console.reading import note_reading_of
from storage.database import for_reading, one_transaction
from storage.tables import Case, CaseEvent
from vocabulary.codes import Step
from vocabulary.people import AuditKind

_LINE, _TEXT = 500, 4000
_MANY = ("state", "severity")
"""Names of a query that may be said several times."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The account for which a program asks."""

    email: str
    name: str
    role: Any
    scope: CaseScope
    may_decide: bool
    reads_only: bool


Answer = Callable[[Desk, Caller, Request, bytes], BaseModel]


def answers(do: Answer) -> Callable[[Request], Awaitable[Response]]:
    """For whoever bears a token: ``do`` gets them and the body, and its model is sent as JSON."""

    @wraps(do)
    async def answer(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(_answer, do, request, body)

    return answer


def _answer(do: Answer, request: Request, body: bytes) -> Response:
    desk: Desk = request.app.state.desk
    return JSONResponse(do(desk, _caller(desk, request), request, body).model_dump(mode="json"))


@answers
def read_me(desk: Desk, caller: Caller, request: Request, body: bytes) -> BaseModel:  # noqa: ARG001
    """For whom the token acts."""
    return AccountOut(email=caller.email, name=caller.name, role=caller.role, reads_only=caller.reads_only)


@answers
def read_cases(desk: Desk, caller: Caller, request: Request, body: bytes) -> BaseModel:  # noqa: ARG001
    """The cases that are wanted, among those that the account may see."""
    wanted, now = _query(request), desk.context.now().astimezone(ZoneInfo(desk.settings.time_zone))
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        page = list_cases(
            session,
            wanted.to_filter(),
            now=now,
            scope=caller.scope,
            after=wanted.after,
            limit=wanted.limit,
        )
        found = CasesOut(cases=[CaseOut(**_case(case)) for case in page.cases], following=page.following)
    note_reading_of(desk, caller.email, request, f"api {request.url.query}", kind=AuditKind.EXPORTED)
    return found


@answers
def read_one(desk: Desk, caller: Caller, request: Request, body: bytes) -> BaseModel:  # noqa: ARG001
    """A case with its findings and its history."""
    case_id = _case_id(request)
    with Session(for_reading(desk.context.engine)) as session, session.begin():
        file = read_case(session, case_id) if may_see(session, case_id, caller.scope) else None
        if file is None:
            raise _no_case()
        found = CaseFileOut(
            **_case(file.case),
            findings=[
                FindingOut(
                    id=each.id or 0,
                    quote=shown(each.quote, _LINE),
                    context=shown(each.context, _TEXT),
                    cue=shown(each.cue, _LINE),
                    explanation=shown(each.explanation, _TEXT),
                    legal_basis=each.legal_basis,
                    as_of=each.as_of,
                )
                for each in file.findings
            ],
            events=[
                EventOut(
                    kind=each.kind,
                    actor=shown(each.actor, _LINE),
                    note=shown(each.note, _TEXT),
                    at=each.at,
                )
                for each in file.events
            ],
            steps=[step for step in possible_steps(file.case.state) if step is not Step.OVERDUE],
        )
    note_reading_of(desk, caller.email, request, "api case", case_id=case_id)
    return found


@answers
@one_transaction
def take(desk: Desk, caller: Caller, request: Request, body: bytes) -> BaseModel:
    """Take a step in the name of the account; with an ``Idempotency-Key`` once, however often it is sent."""
    case_id, taken = _case_id(request), _taken(body, caller)
    now = desk.context.now().astimezone(ZoneInfo(desk.settings.time_zone))
    sent = request.headers.get("idempotency-key", "")
    key = (
        f"api:{hashlib.sha256(f'{caller.email} {taken.step} {sent}'.encode()).hexdigest()[:40]}"
        if sent
        else ""
    )
    try:
        with desk.context.transaction() as session:
            if not may_see(session, case_id, caller.scope):
                raise _no_case()
            state = take_step(
                session,
                case_id,
                taken.step,
                actor=caller.email,
                note=taken.note,
                now=now,
                deadline=taken.deadline,
                key=key,
                dismissal=taken.dismissal,
            )
            if taken.except_until is not None:
                reason = dismissal_words(taken.dismissal, taken.note)
                set_exception(
                    session, case_id, taken.except_until, actor=caller.email, reason=reason, now=now
                )
    except UnknownCase:
        raise _no_case() from None
    except IncompleteStep as error:
        raise HTTPException(422, str(error)) from error
    except IllegalStep as error:
        with Session(for_reading(desk.context.engine)) as session, session.begin():
            same = select(CaseEvent.id).where(CaseEvent.case_id == case_id, CaseEvent.key == key)
            if not key or session.exec(same).first() is None:
                raise HTTPException(409, str(error)) from error
            state = session.get_one(Case, case_id).state
    return StateOut(id=case_id, state=state)


@one_transaction
def _caller(desk: Desk, request: Request) -> Caller:
    """Whose token the request bears; raises 401."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    context, rules = desk.context, desk.settings.accounts
    now = context.now()
    with Session(for_reading(context.engine), expire_on_commit=False) as session, session.begin():
        bearer = tokens.find(session, token.strip(), now) if kind.casefold() == "bearer" else None
        if bearer is None or is_missing(bearer.account, rules):
            raise HTTPException(401, "send a valid token", {"WWW-Authenticate": "Bearer"})
        account = bearer.account
        scope = rights.scope_of(session, desk.settings, account, context.today())
    if tokens.is_to_be_noted(bearer, now):
        with context.transaction() as session:
            tokens.note(session, bearer, now)
    return Caller(
        account.email,
        account.name,
        account.role,
        scope,
        rights.may_decide(account),
        bearer.token.reads_only,
    )


def _query(request: Request) -> CaseQuery:
    said: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in _MANY:
            said.setdefault(name, []).append(value)
        elif name in said:
            raise HTTPException(422, f"{name}: say it once")
        else:
            said[name] = value
    try:
        return CaseQuery.model_validate(said, by_name=False, by_alias=True)
    except ValidationError as error:
        raise HTTPException(422, _why(error)) from error


def _taken(body: bytes, caller: Caller) -> StepTaken:
    """The step that is asked for; raises 422 where it says none, 403 where the caller may take none."""
    try:
        taken = StepTaken.model_validate_json(body)
    except ValidationError as error:
        raise HTTPException(422, _why(error)) from error
    if taken.except_until is not None and taken.step is not Step.DISMISS:
        raise HTTPException(422, "except_until: only with dismiss")
    if not caller.may_decide:
        raise HTTPException(403, "the account may look, and not decide")
    if caller.reads_only:
        raise HTTPException(403, "the token only reads")
    return taken


def _why(error: ValidationError) -> str:
    """What is wrong, without what was sent."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found)


def _case_id(request: Request) -> int:
    number = request.path_params["case"]
    if not 0 < number < 2**31:
        raise _no_case()
    return int(number)


def _no_case() -> HTTPException:
    """Also for a case that the account may not see: which numbers there are is nobody's business."""
    return HTTPException(404, "no such case, or not one of the account's regions and departments")


def _case(case: Case) -> dict[str, Any]:
    texts = {name: shown(getattr(case, name), _LINE) for name in ("qualification", "publisher", "title")}
    names = set(CaseOut.model_fields) - texts.keys() - {"url"}
    return {**{name: getattr(case, name) for name in names}, **texts, "url": shown(case.url, 2048)}
