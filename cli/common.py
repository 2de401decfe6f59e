"""What the commands of this room share: the configuration, and a transaction on its database.

Every command imports it, for its help too: what it needs of the database is imported where one is opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from settings.errors import SettingsError
from storage.errors import DatabaseError
from vocabulary.reasons import in_chinese

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlmodel import Session

    from settings.model import Settings
    from storage.host_pace import HostTurns

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="使用此配置文件，而不用 ./qualwatch.toml。"),
]


@contextmanager
def transaction(config: Path | None) -> Iterator[Session]:
    """A transaction on the configured database; exits with 2 and one message where there is none."""
    with database(config) as (_, engine), whole(engine) as session:
        yield session


@contextmanager
def whole(engine: Engine) -> Iterator[Session]:
    """A transaction; exits with 2 where the database ended it for the sake of another program's."""
    from sqlalchemy.exc import DBAPIError
    from sqlmodel import Session

    from storage.database import is_collision

    try:
        with Session(engine) as session, session.begin():
            yield session
    except DBAPIError as error:
        if is_collision(error):
            raise refuse("与另一程序的写入相冲突，没有改动：请再运行一次") from error
        raise


@contextmanager
def database(config: Path | None) -> Iterator[tuple[Settings, Engine]]:
    """The settings with the database that is there; exits with 2 and one message where there is none."""
    from settings.load import load_settings
    from storage.migrate import require_current

    try:
        settings = load_settings(config)
        engine = open_existing(settings.storage.database_url)
    except (SettingsError, DatabaseError) as error:
        raise refuse(error) from error
    try:
        require_current(engine)
        yield settings, engine
    except DatabaseError as error:
        raise refuse(error) from error
    finally:
        engine.dispose()


@contextmanager
def shared_turns(settings: Settings) -> Iterator[HostTurns | None]:
    """The turns that the daemon keeps to as well; None without a database, because looking makes none."""
    from storage.host_pace import HostTurns

    with existing_database(settings) as engine:
        yield HostTurns(engine) if engine is not None else None


@contextmanager
def existing_database(settings: Settings) -> Iterator[Engine | None]:
    """The database; None where there is none of this version."""
    from storage.migrate import is_current

    try:
        engine = open_existing(settings.storage.database_url)
    except DatabaseError:
        yield None
        return
    try:
        yield engine if is_current(engine) else None
    finally:
        engine.dispose()


def region_in_force(code: str) -> str:
    """For options that take a region: its code today, empty for none; exits with 2 where there is no such."""
    from vocabulary.regions import present_code, region_problem

    if code and (problem := region_problem(code)):
        raise typer.BadParameter(f"“{code}”：{in_chinese(problem)}")
    return present_code(code) if code else ""


def load(config: Path | None) -> Settings:
    """The configuration; exits with 2 and one message per problem where it is none."""
    from settings.load import load_settings

    try:
        return load_settings(config)
    except SettingsError as error:
        raise refusal(str(error)) from error


def refusal(message: str, code: int = 2) -> typer.Exit:
    """What to raise so that the command says ``message`` as the program's own, and exits with ``code``."""
    typer.echo(f"qualwatch: {in_chinese(message)}", err=True)
    return typer.Exit(code)


def refuse(error: Exception | str) -> typer.Exit:
    """What to raise so that the command says ``error`` and exits with 2."""
    typer.echo(in_chinese(str(error)), err=True)
    return typer.Exit(2)


def open_existing(url: str) -> Engine:
    """Looking must not leave an empty database behind."""
    from storage.database import open_database

    file = url.removeprefix("sqlite:///")
    if file != url and not Path(file).exists():
        raise DatabaseError(f"{file}：尚无数据库，请先运行 qualwatch run")
    return open_database(url)
