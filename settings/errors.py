"""Configuration errors that name the key, the value given and the mend, and never print a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeGuard, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from settings.lines import Location, line_of

ENVIRONMENT_PREFIX = "QUALWATCH_"
ENVIRONMENT_DELIMITER = "__"

_SECRET_KEYS = re.compile(r"passw|secret|token|database", re.IGNORECASE)
_URL_LOGIN = re.compile(r"//[^/@\s]*@")

_SHAPES: Mapping[str, str] = {
    "int_parsing": "write a whole number",
    "int_type": "write a whole number without quotes",
    "int_from_float": "write a whole number",
    "float_parsing": "write a number",
    "float_type": "write a number without quotes",
    "finite_number": "write a finite number",
    "bool_parsing": "write true or false",
    "bool_type": "write true or false without quotes",
    "string_type": 'write text in quotes, for example "…"',
    "path_type": "write a path in quotes",
    "tuple_type": 'write a list in square brackets, for example ["…"]',
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
        "write a day without quotes, for example 2027-02-05",
    ),
    "model_type": "write a table: a heading in square brackets with its keys below",
    "model_attributes_type": "write a table: a heading in square brackets with its keys below",
}
"""Mends by pydantic's error type, where the type alone says enough."""

_PATTERNS: Mapping[str, str] = {
    r"^([0-9]{6})?$": 'write the six digits of the GB/T 2260 code, or nothing: ""',
    r"^[0-9]{6}$": 'write the six digits of the GB/T 2260 code, for example "220000" for Jilin',
    r"^[a-z0-9][a-z0-9_-]{0,39}$": (
        'write up to 40 small letters, digits, "-" or "_", beginning with a letter or digit, '
        'for example "fuzhou-rsj"'
    ),
    r"^([01]\d|2[0-3]):[0-5]\d$": 'write hour and minute, for example "08:30"',
    r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$": (
        'write when work begins and ends, for example "08:30-17:30"'
    ),
    r"^(([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)?$": (
        'write when they begin and end, for example "22:00-06:00", or nothing: ""'
    ),
    r"^(https?://[^\s/?#]+(/[^\s?#]*)?)?$": (
        'write the address without "?" and "#", for example "https://qualwatch.example.com"'
    ),
}


class SettingsError(ValueError):
    """The configuration cannot be used; ``problems`` holds one sentence for each thing to mend."""

    def __init__(self, problems: Iterable[str], place: str = "") -> None:
        self.problems = tuple(problems)
        self.place = place
        super().__init__("\n".join(f"{place}: {text}" if place else text for text in self.problems))


class StartError(Exception):
    """The program cannot start; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Given:
    """What was read, and where it stands, so that sentences can point there."""

    values: Mapping[str, Any]
    """All of it, as it was read."""
    variables: Mapping[str, str]
    """Dotted keys to the environment variables that set them."""
    lines: Mapping[Location, int]
    """Headings and keys of the file to their lines."""

    def line(self, detail: ErrorDetails) -> str:
        """``line 12: ``; empty where the value is not of the file, or its line is not known."""
        location = detail["loc"]
        if any(dotted(location[:length]) in self.variables for length in range(1, len(location) + 1)):
            return ""
        if places := detail.get("ctx", {}).get("places"):
            known = [line for place in places if (line := line_of(place, self.lines))]
            return f"lines {' and '.join(map(str, known))}: " if known else ""
        line = line_of(location, self.lines)
        return f"line {line}: " if line else ""

    def name_at(self, location: Location) -> str:
        """What the table at ``location`` calls itself; empty where it has no name."""
        found: Any = self.values
        try:
            for part in location:
                found = found[part]
            name = found["name"]
        except (KeyError, IndexError, TypeError):
            return ""
        return name if isinstance(name, str) else ""


def explain(error: ValidationError, root: type[BaseModel], given: Given) -> tuple[str, ...]:
    """Say each problem of ``error`` in one sentence that names where it stands."""
    details = error.errors(include_url=False)
    return tuple(given.line(detail) + _sentence(detail, root, given) for detail in details)


def near(word: str, known: Iterable[str]) -> str:
    """``"did you mean 'x'? "`` where a known word is close, else nothing."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}? " if close else ""


def dotted(location: Location) -> str:
    """``("sources", 2, "url")`` becomes ``sources[2].url``."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _sentence(detail: ErrorDetails, root: type[BaseModel], given: Given) -> str:
    location = detail["loc"]
    named = _named(dotted(location), location, given)
    if detail["type"] == "missing":
        return f"{named} is missing: write {location[-1]} = …"
    if detail["type"] == "extra_forbidden":
        return f"{named} is no known key: {_mend_key(location, root)}"
    shown = _shown(detail["input"], location, root)
    if not shown:  # A rule about a whole table; its own message says what to do.
        return f"{named or 'the file'}: {_own_words(detail)}"
    return f"{named} = {shown} is not usable: {_mend(detail)}"


def _named(key: str, location: Location, given: Given) -> str:
    """The key, with the environment variable or the place in a list of tables that it stands in."""
    if key in given.variables:
        return f"{key} (environment variable {given.variables[key]})"
    numbers = [(index, part) for index, part in enumerate(location) if isinstance(part, int)]
    if not numbers:
        return key
    index, number = numbers[0]
    name = given.name_at(location[: index + 1])
    title = f", called {name!r}" if name else ""
    if index + 1 == len(location) and not title:
        return key
    return f"{key} ([[{dotted(location[:index])}]] number {number + 1} of the file{title})"


def _mend(detail: ErrorDetails) -> str:
    """What to write instead."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _SHAPES:
        return _SHAPES[kind]
    if kind in {"literal_error", "enum"}:
        return f"write one of {context['expected']}"
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], f"write text that matches {context['pattern']}")
    limits = {"greater_than_equal": "ge", "greater_than": "gt", "less_than_equal": "le", "less_than": "lt"}
    if kind in limits:
        words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
        return f"write a number of {words[limits[kind]]} {context[limits[kind]]}"
    if kind.startswith("url_"):
        return 'write a full address, for example "https://www.example.com/list/"'
    return _own_words(detail)


def _own_words(detail: ErrorDetails) -> str:
    """The message of a rule of ours, or of the e-mail checker, without pydantic's opening words."""
    message = detail["msg"].removeprefix("Value error, ")
    if message.startswith("value is not a valid email address"):
        return f'write an address like "wang@example.com" ({message.partition(": ")[2]})'
    return message


def _shown(value: object, location: Location, root: type[BaseModel]) -> str:
    """The value as it may be printed: nothing for tables, dots for secrets."""
    if isinstance(value, (dict, list, tuple, BaseModel)):
        return "[…]" if isinstance(value, list) else ""
    field = _field_at(location, root)
    secret = field is None or field.annotation is SecretStr or _is_model(field.annotation)
    if secret or any(_SECRET_KEYS.search(str(part)) for part in location):
        return "(hidden)"
    if isinstance(value, bool):
        return str(value).lower()
    text = value if isinstance(value, str) else str(value)
    short = text if len(text) <= 80 else text[:77] + "…"
    return repr(_URL_LOGIN.sub("//(hidden)@", short)) if isinstance(value, str) else short


def _mend_key(location: Location, root: type[BaseModel]) -> str:
    """What was probably meant by an unknown key: a near name, or a table whose heading is missing."""
    *above, last = location
    word = str(last)
    owner = _model_at(tuple(above), root)
    known = tuple(owner.model_fields) if owner else ()
    guess = near(word, known)
    homes = [] if guess else [home for home in _tables_with(word, root) if home != dotted(tuple(above))]
    if homes:
        headings = " or ".join(f"[{home}]" for home in homes)
        return f"{word!r} belongs under the heading {headings}"
    return f"{guess}known keys here: {', '.join(known)}"


def _tables_with(key: str, model: type[BaseModel], path: str = "") -> list[str]:
    """Dotted names of all plain tables that have ``key``."""
    found = [path] if path and key in model.model_fields else []
    for name, field in model.model_fields.items():
        if _is_model(field.annotation):
            found += _tables_with(key, field.annotation, f"{path}.{name}" if path else name)
    return found


def _field_at(location: Location, root: type[BaseModel]) -> FieldInfo | None:
    names = [part for part in location if isinstance(part, str)]
    owner = _model_at(tuple(names[:-1]), root)
    return owner.model_fields.get(names[-1]) if owner and names else None


def _model_at(location: Location, root: type[BaseModel]) -> type[BaseModel] | None:
    """The model of the table at ``location``, through lists of tables too; None where there is no table."""
    model = root
    for part in location:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        inner = [] if field is None else [field.annotation, *get_args(field.annotation)]
        models = [each for each in inner if _is_model(each)]
        if not models:
            return None
        model = models[0]
    return model


def _is_model(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def place_of(path: Path | None) -> str:
    """How messages call the file; environment variables alone have no file."""
    return str(path) if path is not None else "configuration"
