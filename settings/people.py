"""Who is told, where, and on which days: supervisors, their chats, the calendar and the reminders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import EmailStr, Field, SecretStr, model_validator

from settings.section import TIME, RegionCode, Section, SourceName


class Chat(Section):
    """A group chat or webhook that supervisors want to be told in."""

    name: SourceName
    channel: SourceName
    """One of ``alerts.delivery.channels``: wecom, dingtalk, feishu or webhook."""
    secret_url: SecretStr = SecretStr("")
    """The robot's webhook address; whoever knows it can write there."""
    secret_url_file: str = ""
    """A file that holds it, instead."""

    @model_validator(mode="after")
    def _it_has_an_address(self) -> Chat:
        if not self.secret_url.get_secret_value() and not self.secret_url_file:
            raise ValueError(f"{self.name} has no address: write secret_url, or secret_url_file")
        return self


class KeptChat(Chat):
    """One that is kept at the desk and not in the file.

    Whoever may change it there is not who looks after this machine: it may be no address inside of the house,
    unless ``fetching.allow_private_hosts`` names it.
    """


class Supervisor(Section):
    """Somebody who answers for findings; empty tuples mean "all"."""

    name: str
    email: EmailStr
    regions: tuple[RegionCode, ...] = ()
    departments: tuple[str, ...] = ()
    """Fields of departments, by any of their names: ``财政`` or ``省财政厅``."""
    language: Literal["zh-CN", "en"] = "zh-CN"
    """Of their mails, chats and pages; what is quoted, and names, stay Chinese."""
    severities: tuple[Literal["medium", "high", "critical"], ...] = ()
    working_days: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(min_length=1)] = (
        *range(1, 6),
    )
    """ISO numbers of weekdays: 1 is Monday. Who works on all seven works on holidays too."""
    working_hours: Annotated[str, Field(pattern=rf"^{TIME}-({TIME}|24:00)$")] = "08:30-17:30"
    """Who wants mails at night writes ``00:00-24:00``."""
    superior: EmailStr | None = None
    """Told when a deadline has passed; None: the administrator."""
    chats: tuple[SourceName, ...] = ()
    """Names of chats told beside the mail."""

    @model_validator(mode="after")
    def _work_ends_after_it_begins(self) -> Supervisor:
        begin, _, end = self.working_hours.partition("-")
        if begin >= end:
            raise ValueError(
                f"working_hours {self.working_hours!r} end before they begin: write '08:30-17:30'"
            )
        return self


def superiors_of(supervisors: Iterable[Supervisor]) -> dict[str, str | None]:
    """The superior of each address, as the first supervisor with it says; both in small letters."""
    above: dict[str, str | None] = {}
    for each in supervisors:
        above.setdefault(each.email.casefold(), each.superior and each.superior.casefold())
    return above


def circle_above(above: Mapping[str, str | None], address: str) -> str:
    """Where the superiors of ``address`` lead back to; empty where they end somewhere."""
    passed, at = {address}, above[address]
    while at is not None and at in above and at not in passed:
        passed.add(at)
        at = above[at]
    return at if at is not None and at in passed else ""


class Calendar(Section):
    """On which days offices work, for hours, digests and deadlines."""

    statutory: bool = True
    """Whether the State Council's holidays, and the days worked in their place, count."""
    holidays: tuple[date, ...] = ()
    """Days of rest besides."""
    working_days: tuple[date, ...] = ()
    """Days of work besides; they and ``holidays`` win over the State Council's arrangement."""

    @model_validator(mode="after")
    def _a_day_is_one_or_the_other(self) -> Calendar:
        both = sorted(set(self.holidays) & set(self.working_days))
        if both:
            raise ValueError(f"{both[0]} stands in holidays and in working_days: delete it in one of them")
        if len(set(self.holidays)) > 366:
            raise ValueError("holidays lists more than 366 days: write those of the years to come only")
        return self


class Reminders(Section):
    """When those who asked for a rectification are reminded of its deadline."""

    days_before: Annotated[int, Field(ge=0, le=90)] = 3
    """Days before the deadline at which the first reminder is written; 0: none."""
    repeat_days: Annotated[int, Field(ge=1, le=90)] = 7
    """Days between two escalations of an overdue case."""
    undecided_days: Annotated[int, Field(ge=0, le=90)] = 5
    """Office days after which a case that nobody decided on is brought up, and again; 0: never."""
    undecided_reminders: Annotated[int, Field(ge=1, le=10)] = 3
    """Such reminders of one case at most: the first to those responsible, each further one a level above."""
    escalations: Annotated[int, Field(ge=0, le=10)] = 3
    """Escalations of one overdue case at most, each to the level above."""
