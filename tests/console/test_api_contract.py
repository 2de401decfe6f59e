"""The programming interface keeps to what it says of itself, whatever is sent; asked by schemathesis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckFunction
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests.console.test_api import Program
from tests.console.visitor import Room

EXAMPLES = 6
"""Requests of each operation, of those that fit its description and of those that do not."""
NOT_ASKED: list[CheckFunction] = [positive_data_acceptance, negative_data_rejection]
"""A step that fits may be refused for how its case stands; what does not fit may lack its token alone."""
_bounded = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=EXAMPLES,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def _operations(program: Program) -> Iterator[APIOperation[Any, Any, Any, Any]]:
    described = requests.get(f"{program.url}/openapi.json", timeout=10).json()
    for found in schemathesis.openapi.from_dict(described).get_all_operations():
        assert isinstance(found, Ok)
        yield found.ok()


def test_whatever_is_sent_is_answered_as_the_interface_describes(room: Room) -> None:
    cases = room.copies([{"title": f"公告{number}"} for number in range(5)])
    program = Program(room, "wang@example.com")
    asked: list[str] = []
    for operation in _operations(program):
        for mode in GenerationMode:
            known = {"case": cases[len(asked) % 3]} if "{case}" in operation.path else None
            for numbers in (known, None) if known else (None,):

                @_bounded
                @given(sent=operation.as_strategy(mode, path_parameters=numbers))
                def ask(sent: Case[Any]) -> None:
                    sent.call_and_validate(
                        program.url, headers=dict(program.headers), excluded_checks=NOT_ASKED, timeout=10
                    )

                ask()
                asked.append(operation.label)
    assert len(asked) == 12
