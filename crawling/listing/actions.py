"""Rows that a script opens: from the call that a click makes to the address that it would open.

Three ways, in this order: the pattern that the source's configuration gives, the function's definition in the
page's own script, and the makes of sites whose function is known.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from urllib.parse import quote

_CALL = re.compile(r"^(?P<name>[A-Za-z_$][\w$.-]*)\s*\((?P<arguments>.*)\)$", re.DOTALL)
_ARGUMENT = re.compile(r"""'(?P<one>[^']*)'|"(?P<two>[^"]*)"|(?P<bare>[^,'"]+)""")
_OPENS = re.compile(
    r"(?:(?:window\s*\.\s*)?open\s*\(|(?:window\s*\.\s*|top\s*\.\s*|self\s*\.\s*|parent\s*\.\s*|document\s*\.\s*)?location"
    r"(?:\s*\.\s*(?:href|assign|replace))?\s*(?:=|\()|\burl\s*=|\bhref\s*=)"
)
_PART = re.compile(
    r"""\s*(?:'(?P<one>[^']*)'|"(?P<two>[^"]*)"|`(?P<template>[^`]*)`|(?P<name>[A-Za-z_$][\w$]*))\s*"""
)
_IN_TEMPLATE = re.compile(r"\$\{\s*([A-Za-z_$][\w$]*)\s*\}")
_CONSTANT = re.compile(
    r"""\b(?:var|let|const)\s+(?P<name>[A-Za-z_$][\w$]*)\s*=\s*(?:'(?P<one>[^'\n]{0,200})'|"(?P<two>[^"\n]{0,200})")\s*[;,\n<]"""
)
_GIVEN = re.compile(r"(?<![\w$.])([A-Za-z_$][\w$]*)\s*=(?!=)")
_MOST_CONSTANTS, _MOST_GIVEN = 500, 30
_LONGEST_BODY = 1_500
MAKES: dict[str, str] = {
    "linkToNew": "/openDetailDynamic.html?infoid={1}",  # 新点 govxxgk: its script lies in a file of its own
}
"""Name of a function that a make of sites calls for its rows, whatever the site → the address it opens."""


def opened_address(action: str, markup: str, pattern: str = "") -> str:
    """The address, relative or absolute, that a click's call opens; empty where that cannot be told.

    ``pattern`` is the configuration's, with the call's arguments as ``{1}``, ``{2}``; ``markup`` is the page.
    """
    call = _CALL.match(action.strip())
    if call is None:
        return ""
    arguments = [_unquoted(found) for found in _ARGUMENT.finditer(call["arguments"])]
    arguments = [argument for argument in arguments if argument]
    if pattern:
        return filled(pattern, arguments)
    name = call["name"].rpartition(".")[2]
    if name.startswith("data-"):
        return _as_read(name, arguments[0] if arguments else "", markup)
    return _as_defined(name, arguments, markup) or filled(MAKES.get(name, ""), arguments)


def filled(pattern: str, arguments: list[str]) -> str:
    """The pattern with its places filled; empty where it has none or an argument lacks."""
    places = [int(number) for number in re.findall(r"\{(\d)\}", pattern)]
    if not places or max(places) > len(arguments) or min(places) < 1:
        return ""
    return re.sub(r"\{(\d)\}", lambda place: quote(arguments[int(place[1]) - 1], safe="-_.~"), pattern)


def _unquoted(found: re.Match[str]) -> str:
    return (found["one"] or found["two"] or found["bare"] or "").strip()


def _as_defined(name: str, arguments: list[str], markup: str) -> str:
    """By ``function name(i) { window.open("/show.do?id=" + i) }`` in the page's own script."""
    begins = re.search(
        rf"(?:function\s+{re.escape(name)}\s*|\b{re.escape(name)}\s*[=:]\s*(?:function\s*)?)\(([\w$,\s]*)\)",
        markup,
    )
    if begins is None:
        return ""
    parameters = [parameter.strip() for parameter in begins[1].split(",") if parameter.strip()]
    values = _constants(markup) | dict(zip(parameters, arguments, strict=False))
    body = markup[begins.end() : begins.end() + _LONGEST_BODY].partition("function ")[0]
    made = _made_before(body, values, frozenset(parameters))
    for opens in _OPENS.finditer(body):
        if address := _evaluated(body[opens.end() :], values | made, frozenset(parameters) | made.keys()):
            return address
    return ""


def _made_before(body: str, values: dict[str, str], parameters: frozenset[str]) -> dict[str, str]:
    """Addresses that a function makes of its parameters and gives a name: ``path = "p" + i + ".htm"``."""
    made: dict[str, str] = {}
    for given in islice(_GIVEN.finditer(body), _MOST_GIVEN):
        if given[1] not in parameters and (address := _evaluated(body[given.end() :], values, parameters)):
            made.setdefault(given[1], address)
    return made


def _as_read(attribute: str, value: str, markup: str) -> str:
    """By ``location.href = "/show?id=" + $(this).data("id")`` in the page's own script."""
    name, body = _where_read(attribute, markup)
    for opens in _OPENS.finditer(body):
        if address := _evaluated(body[opens.end() :], _constants(markup) | {name: value}, frozenset({name})):
            return address
    return ""


@lru_cache(maxsize=8)
def _where_read(attribute: str, markup: str) -> tuple[str, str]:
    """The name that a script gives to an attribute of a row, and the script from there on."""
    key = re.escape(attribute.removeprefix("data-"))
    reads = re.compile(
        rf"""[\w$.()\[\]]{{0,60}}(?:\.\s*data\(\s*['"]{key}['"]\s*\)|\.\s*(?:attr|getAttribute)\(\s*['"]data-{key}['"]\s*\)"""
        rf"""|\.\s*dataset\.{key}\b)"""
    )
    read = reads.search(markup)
    if read is None:
        return "", ""
    given = re.search(r"([A-Za-z_$][\w$]*)\s*=\s*$", markup[max(read.start() - 60, 0) : read.start()])
    name = given[1] if given else "__value"
    around = markup[max(read.start() - 300, 0) : read.end() + _LONGEST_BODY]
    return name, around if given else reads.sub(name, around)


@lru_cache(maxsize=8)
def _constants(markup: str) -> dict[str, str]:
    """Strings to which a page's script gives a name once for all, as ``var ctx = "/app"``."""
    said: dict[str, str] = {}
    changing: set[str] = set()
    for found in islice(_CONSTANT.finditer(markup), _MOST_CONSTANTS):
        name, value = found["name"], found["one"] if found["one"] is not None else found["two"] or ""
        if said.setdefault(name, value) != value:
            changing.add(name)
    return {name: value for name, value in said.items() if name not in changing}


def _evaluated(expression: str, values: dict[str, str], parameters: frozenset[str]) -> str:
    """Strings and names joined by ``+``; empty where anything else takes part, or no parameter does."""
    address, place, uses_parameter = "", 0, False
    while (part := _PART.match(expression, place)) is not None:
        if part["name"] is not None:
            if part["name"] not in values:
                return ""
            address += values[part["name"]]
            uses_parameter = uses_parameter or part["name"] in parameters
        elif part["template"] is not None:
            names = _IN_TEMPLATE.findall(part["template"])
            if not all(name in values for name in names):
                return ""
            address += _IN_TEMPLATE.sub(lambda place: values[place[1]], part["template"])
            uses_parameter = uses_parameter or not parameters.isdisjoint(names)
        else:
            address += part["one"] if part["one"] is not None else part["two"] or ""
        place = part.end()
        if expression[place : place + 1] != "+":
            break
        place += 1
    is_address = "/" in address or "." in address or "?" in address
    return address if uses_parameter and is_address else ""
