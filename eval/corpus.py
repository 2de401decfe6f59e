"""The texts that speed is measured on: real ones where they are, else generated ones of the same make-up."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eval.scoring import read_lines

GENERATED_DOCUMENTS = 24_899
_MEAN_LOG, _SPREAD_LOG = 5.9, 1.0
"""Lengths are log-normal: half the documents below 370 characters, a few of several thousand."""
_WITH_NAMES = 0.27
"""Share of documents that name certificates: the pool has one mention in three documents."""
_FILLERS = (
    "本岗位需要良好的沟通能力和团队精神，能够承受一定的工作压力。",
    "公司提供住宿和工作餐，按规定缴纳社会保险，节日发放福利。",
    "申请人应当如实提供有关材料，并对其真实性负责。",
    "各有关单位要加强组织领导，明确责任分工，确保各项工作落到实处。",
    "联系人：王女士，地址：青石路十二号，周一至周五上午九点至下午五点。",
    "近年来，市场规模不断扩大，行业竞争日趋激烈，企业用工结构也在变化。",
    "熟练使用办公软件，有较强的文字功底，工作认真细致，服从安排。",
)


def read_pool(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a packed file of JSON lines, one at a time."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            yield {key: record.get(key) or "" for key in ("id", "title", "publisher", "text")}


def generate_pool(gold: Path, count: int = GENERATED_DOCUMENTS) -> Iterator[dict[str, Any]]:
    """The project's own texts, lengthened with sentences that name no certificate; always the same."""
    chance = random.Random(20_261_101)  # noqa: S311 - lengths of texts, no secret
    documents = read_lines(gold)
    for number in range(count):
        document = chance.choice(documents)
        length = chance.lognormvariate(_MEAN_LOG, _SPREAD_LOG)
        parts = [document["text"] if chance.random() < _WITH_NAMES else chance.choice(_FILLERS)]
        while sum(map(len, parts)) < length:
            parts.append(chance.choice(_FILLERS))
        chance.shuffle(parts)
        yield {
            "id": f"made{number}",
            "title": document["title"],
            "publisher": document["publisher"] or "",
            "text": "\n".join(parts),
        }


def hostile_texts(size: int) -> dict[str, str]:
    """Texts of about ``size`` bytes in UTF-8, made to hurt: by what they try."""

    def fill(unit: str) -> str:
        return unit * max(1, size // len(unit.encode()))

    return {
        "证证证…": fill("证"),
        "10,000 brackets never closed": fill("（" * 10_000 + "持有会计证"),
        "one line, a name every few characters": fill("持有会计从业资格证、"),
        "nested 或": fill("会计证或（电工证或（焊工证或"),
        "《《《…": fill("《"),
        "spaces": fill(" "),
        "digits and dots": fill("1、2．"),
        "转发 chains": fill("转发《关于印发〔2017〕1号\n"),
    }
