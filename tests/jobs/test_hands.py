"""Large bodies are bounded by hands; small ones and what hangs on a page take none."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from jobs.visits.hands import SMALL_BYTES, Hands


def can_take(hands: Hands) -> bool:
    """Whether another thread finds a hand free; it gives it back."""
    took = threading.Event()

    def take() -> None:
        with hands.taking():
            took.set()

    with ThreadPoolExecutor(1) as other:
        free = other.submit(take)
        found = took.wait(0.3)
        if not found:
            hands._free.release()  # so that the other ends
            free.result()
            hands._free.acquire()
        return found


def test_a_large_body_keeps_its_hand_until_it_is_done() -> None:
    hands = Hands(1)
    with hands.taking() as weigh:
        weigh(SMALL_BYTES + 1)
        assert not can_take(hands)
    assert can_take(hands)


def test_a_small_body_leaves_its_hand_to_the_next() -> None:
    hands = Hands(1)
    with hands.taking() as weigh:
        weigh(SMALL_BYTES)
        assert can_take(hands)
        weigh(SMALL_BYTES)  # told twice, it gives back one
    with hands.taking():
        assert not can_take(hands)


def test_what_hangs_on_a_large_page_comes_into_the_same_hand() -> None:
    hands = Hands(1)
    with hands.taking() as weigh:
        weigh(SMALL_BYTES + 1)
        with hands.taking() as weigh_file:
            weigh_file(1)
        assert not can_take(hands)


def test_a_request_that_fails_gives_its_hand_back() -> None:
    hands = Hands(1)
    with pytest.raises(OSError, match="away"), hands.taking():
        raise OSError("away")
    assert can_take(hands)
