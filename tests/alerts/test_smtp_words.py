"""What providers in China answer, told apart: of this letter for good, or for now."""

from __future__ import annotations

import pytest

from alerts.delivery.channels import PermanentFailure
from alerts.delivery.smtp_answers import refusal


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (550, "Domain frequency limited"),
        (554, "HL:IFC 163 smtp9"),
        (554, "IP is rejected, smtp auth error limit exceed"),
        (550, "5.2.121 recipient's per hour message receive limit exceeded"),
        (552, "5.2.2 STOREDRV.Deliver; mailbox full"),
        (550, "今日发信量已达上限"),
        (550, "Greylisting in action, please come back later"),
    ],
)
def test_what_passes_is_tried_again_although_it_says_5xx(code: int, words: str) -> None:
    assert not isinstance(refusal(code, words), PermanentFailure)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (550, "User not found: wang@example.com"),
        (550, "5.1.1 RESOLVER.ADR.RecipNotFound; not found"),
        (552, "5.3.4 Message size exceeds fixed limit"),
        (554, "DT:SPM 163 smtp"),
        (550, "该帐号已被停用"),
    ],
)
def test_what_does_not_pass_is_told_at_once(code: int, words: str) -> None:
    assert isinstance(refusal(code, words), PermanentFailure)
