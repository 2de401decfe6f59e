"""Rows that a script opens: from the call that a click makes to the address that it would open.

Three ways, in this order: the pattern that the source's configuration gives, the function's definition in the
page's own script, and the makes of sites whose function is known.
"""

from __future__ import annotations

import re
from urllib.parse import quote

_CALL = re.compile(r"^(?P<name>[A-Za-z_$][\w$.]*)\s*\((?P<arguments>.*)\)$", re.DOTALL)
_ARGUMENT = re.compile(r"""'(?P<one>[^']*)'|"(?P<two>[^"]*)"|(?P<bare>[^,'"]+)""")
_OPENS = re.compile(
    r"(?:(?:window\s*\.\s*)?open\s*\(|(?:window\s*\.\s*|top\s*\.\s*|self\s*\.\s*|parent\s*\.\s*|document\s*\.\s*)?location"
    r"(?:\s*\.\s*(?:href|assign|replace))?\s*(?:=|\()|\burl\s*=|\bhref\s*=)"
)
_PART = re.compile(
    r"""\s*(?:'(?P<one>[^']*)'|"(?P<two>[^"]*)"|`(?P<template>[^`]*)`|(?P<name>[A-Za-z_$][\w$]*))\s*"""
)
_IN_TEMPLATE = re.compile(r"\$\{\s*([A-Za-z_$][\w$]*)\s*\}")
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
    values = dict(zip(parameters, arguments, strict=False))
    body = markup[begins.end() : begins.end() + _LONGEST_BODY].partition("function ")[0]
    for opens in _OPENS.finditer(body):
        if address := _evaluated(body[opens.end() :], values):
            return address
    return ""


def _evaluated(expression: str, values: dict[str, str]) -> str:
    """Strings and parameters joined by ``+``; empty where anything else takes part, or no parameter does."""
    address, place, uses_parameter = "", 0, False
    while (part := _PART.match(expression, place)) is not None:
        if part["name"] is not None:
            if part["name"] not in values:
                return ""
            address += values[part["name"]]
            uses_parameter = True
        elif part["template"] is not None:
            names = _IN_TEMPLATE.findall(part["template"])
            if not all(name in values for name in names):
                return ""
            address += _IN_TEMPLATE.sub(lambda place: values[place[1]], part["template"])
            uses_parameter = uses_parameter or bool(names)
        else:
            address += part["one"] if part["one"] is not None else part["two"] or ""
        place = part.end()
        if expression[place : place + 1] != "+":
            break
        place += 1
    is_address = "/" in address or "." in address or "?" in address
    return address if uses_parameter and is_address else ""
