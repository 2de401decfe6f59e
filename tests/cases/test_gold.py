"""Dismissals become examples in the form of the labelled texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session
from typer.testing import CliRunner

from cases.steps import take_step
from cli.gold import app
from eval.scoring import read_lines, score
from settings.model import Settings
from tests.alerts.stored import NOW, Posting, mention, report
from vocabulary.codes import Dismissal, Step

TEXT = "一、须持有会计从业资格证，电话13812345678。\n二、有心理咨询师证者优先。\n三、心理咨询师2名。"


@pytest.fixture
def gold(engine: Engine, settings: Settings, tmp_path: Path) -> Path:
    """One document: a confirmed case, one that was a preference, one that was a job's title."""
    opened = report(
        engine,
        settings,
        Posting(TEXT),
        mention(TEXT),
        mention(TEXT, "心理咨询师证", qualification="心理咨询师"),
        mention(TEXT, "心理咨询师2名", qualification="咨询师"),
    ).opened
    by_name = dict(zip(("会计从业资格", "咨询师", "心理咨询师"), opened, strict=True))
    with Session(engine) as session, session.begin():
        who = "wang@example.com"
        take_step(session, by_name["会计从业资格"], Step.CONFIRM, actor=who, now=NOW)
        for name, reason in (("心理咨询师", Dismissal.PREFERENCE), ("咨询师", Dismissal.JOB_TITLE)):
            take_step(session, by_name[name], Step.DISMISS, dismissal=reason, actor=who, now=NOW)
    (tmp_path / "qualwatch.toml").write_text(f'[storage]\ndirectory = "{tmp_path}"\n', encoding="utf-8")
    return tmp_path / "gold.jsonl"


def test_a_dismissal_becomes_an_example_with_what_the_person_said(gold: Path) -> None:
    config = str(gold.with_name("qualwatch.toml"))
    done = CliRunner().invoke(app, ["export", "--output", str(gold), "--config", config])
    assert done.exit_code == 0, done.output
    (example,) = read_lines(gold)
    assert "13812345678" not in json.dumps(example)
    assert [
        (each["quote"], each["usage"], each["severity"], each["sure"]) for each in example["mentions"]
    ] == [
        ("会计从业资格证", "required", "high", True),
        ("心理咨询师证", "preferred", "none", True),
    ]
    assert sorted(example["dismissals"].values()) == ["job_title", "preference"]
    scored = score([example], {example["id"]: {"mentions": [], "document_kind": example["document_kind"]}})
    assert scored.figures["documents"] == 1
    again = CliRunner().invoke(app, ["export", "--output", str(gold), "--config", config])
    assert again.exit_code == 2


def test_what_was_dismissed_before_the_day_stays_out(gold: Path) -> None:
    config = str(gold.with_name("qualwatch.toml"))
    late = ["export", "--output", str(gold), "--since", "2026-11-03", "--config", config]
    assert "已导出 0 个例子" in CliRunner().invoke(app, late).output
