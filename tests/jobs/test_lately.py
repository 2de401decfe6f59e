"""What is needed for every page is looked at once in a second."""

from __future__ import annotations

from itertools import count

import pytest

from jobs.visits.lately import Lately


def test_it_looks_once_in_a_second_and_tells_what_it_saw_meanwhile() -> None:
    time, looks = [100.0], count(1)
    lately = Lately(lambda: next(looks), clock=lambda: time[0])
    assert [lately(), lately()] == [1, 1]
    time[0] += 0.9
    assert lately() == 1
    time[0] += 0.1
    assert [lately(), lately()] == [2, 2]


def test_a_look_that_fails_is_taken_again() -> None:
    answers = iter((OSError("away"), 7))

    def look() -> int:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    lately = Lately(look, clock=lambda: 5.0)
    with pytest.raises(OSError, match="away"):
        lately()
    assert lately() == 7
