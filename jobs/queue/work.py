"""Doing one order: counted as a try, ended, given back or, after too many tries, set aside."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import structlog
from sqlalchemy.exc import SQLAlchemyError

from jobs.context import Context
from jobs.queue.orders import VISIT, Order
from jobs.tasks import Plain
from storage.leases import LockedError
from storage.trials import TRIES, begin_trial, end_trial, fail_trial, give_back
from storage.under_way import work_lock
from vocabulary.page_errors import StoppedError

_OF_SOURCES = frozenset({VISIT, "visit_source", "back_fill"})
"""Tasks that hold leases of their own, several of which may be done at once."""
_NOT_ITS_FAULT = (SQLAlchemyError, OSError, MemoryError)
"""What this machine or its database lacks, whichever order meets it."""

log = structlog.get_logger()


class OrderFailedError(Exception):
    """The order failed by itself; the message says why."""


def do(context: Context, order: Order, *, sender: str) -> bool:
    """Do ``order``; False where it is set aside, was given back, or somebody else does it already.

    ``sender`` owns the leases of letters that it delivers. Raises :class:`OrderFailedError`, and what this
    machine lacks as it comes.
    """
    if not begin_trial(context.engine, order.name):
        log.error("order_set_aside", order=order.name, tries=TRIES)
        return False
    try:
        with _alone(context, order):
            _with_sender(order, sender).as_task().run(context)
    except (StoppedError, LockedError):
        give_back(context.engine, order.name)
        return False
    except _NOT_ITS_FAULT:
        give_back(context.engine, order.name)
        raise
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        is_set_aside = fail_trial(context.engine, order.name, why)
        log.error("order_failed", order=order.name, why=why, set_aside=is_set_aside)  # noqa: TRY400 - one sentence
        raise OrderFailedError(why) from error
    if context.stopping.is_set():
        give_back(context.engine, order.name)
        return False
    end_trial(context.engine, order.name)
    return True


def _alone(context: Context, order: Order) -> AbstractContextManager[object]:
    """So that an order that another worker still does, though its heart was not heard, is not done twice."""
    if order.task in _OF_SOURCES:
        return nullcontext()
    return context.locks.hold(work_lock(order.task))


def _with_sender(order: Order, sender: str) -> Order:
    if order.task != "deliver":
        return order
    arguments: dict[str, Plain] = {**order.arguments, "owner": sender}
    return replace(order, arguments=arguments)
