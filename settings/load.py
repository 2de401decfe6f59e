"""Reads the configuration: defaults, then the file, then environment variables, each over the one before."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as UndecodableVariable

from settings.errors import (
    ENVIRONMENT_DELIMITER,
    ENVIRONMENT_PREFIX,
    Given,
    SettingsError,
    explain,
    near,
    place_of,
)
from settings.lines import find_lines
from settings.model import Settings
from settings.secrets import with_secrets
from settings.section import Section

FILE_NAME = "qualwatch.toml"


class _Environment(BaseSettings, Settings):
    """Tells pydantic-settings which variables there are; never instantiated."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter=ENVIRONMENT_DELIMITER, extra="forbid", frozen=True
    )


def load_settings(path: Path | None = None) -> Settings:
    """Read the configuration and validate it.

    ``path`` None reads ``qualwatch.toml`` of the current directory where there is one, else the defaults.
    Variables like ``QUALWATCH_MAIL__SMTP__HOST`` win over the file; lists are written as JSON. Relative
    directories of ``storage`` and ``intake`` start from the file's folder, without a file from the current
    directory.

    Raises :class:`SettingsError` with one sentence per problem.
    """
    if path is None and Path(FILE_NAME).is_file():
        path = Path(FILE_NAME)
    place = place_of(path)
    text = _read_file(path)
    values = _overlay(_parse(text, path), _read_environment())
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        given = Given(values, _variables(), find_lines(text))
        raise SettingsError(explain(error, Settings, given), place) from None
    try:
        settings.watched()
    except SettingsError as error:
        raise SettingsError(error.problems, place) from None
    base = path.parent if path is not None else Path()
    try:
        settings = with_secrets(settings, base)
    except SettingsError as error:
        raise SettingsError(error.problems, place) from None
    storage = settings.storage.model_copy(
        update={"directory": (base / settings.storage.directory).absolute()}
    )
    changes: dict[str, Section] = {"storage": storage}
    if settings.intake.directory:
        directory = str((base / settings.intake.directory).absolute())
        changes["intake"] = settings.intake.model_copy(update={"directory": directory})
    return settings.model_copy(update=changes)


def _read_file(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        # utf-8-sig, because editors on Windows put a byte order mark before the first key.
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        problem = "there is no such file: write one with its defaults, or name another"
    except OSError as error:
        problem = f"the file cannot be read ({error.strerror}): mend its permissions or name another"
    except UnicodeDecodeError as error:
        problem = f"byte {error.start + 1} is not UTF-8: save the file as UTF-8"
    raise SettingsError([problem], str(path))


def _parse(text: str, path: Path | None) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = f"the file is not valid TOML: {error}; texts need quotes, lists square brackets"
        raise SettingsError([problem], place_of(path)) from error


def _read_environment() -> dict[str, Any]:
    unknown = [name for name in _variables().values() if _top_key(name) not in Settings.model_fields]
    if unknown:
        problems = [
            f"environment variable {name} sets no known key: {near(_top_key(name), Settings.model_fields)}"
            f"known keys: {', '.join(Settings.model_fields)}"
            for name in unknown
        ]
        raise SettingsError(problems)
    try:
        return EnvSettingsSource(_Environment)()
    except UndecodableVariable as error:
        top = str(error).split('"')[1]  # The only place where pydantic-settings says which key it was.
        names = " or ".join(name for name in _variables().values() if _top_key(name) == top)
        raise SettingsError(
            [f"environment variable {names} is not valid JSON: write a list as '[\"…\"]'"]
        ) from None


def _variables() -> dict[str, str]:
    """Dotted key to name of each environment variable that is meant for us."""
    names = [name for name in os.environ if name.upper().startswith(ENVIRONMENT_PREFIX)]
    return {
        name[len(ENVIRONMENT_PREFIX) :].lower().replace(ENVIRONMENT_DELIMITER, "."): name
        for name in sorted(names)
    }


def _top_key(variable: str) -> str:
    return variable[len(ENVIRONMENT_PREFIX) :].lower().partition(ENVIRONMENT_DELIMITER)[0]


def _overlay(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """``above`` over ``below``, table by table; lists are replaced whole."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _overlay(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
