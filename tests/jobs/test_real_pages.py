"""The main loop on pages that nobody here wrote: a job board in GBK and government sites, as they are.

The pages lie beside the project, not in it; counts are facts about them.
"""

from __future__ import annotations

import re
from email.message import EmailMessage
from html import escape
from pathlib import Path

import pytest

from tests.parts.loopback import Site, answer
from tests.parts.operators import Operator

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "raw"
PER_PAGE = 40

pytestmark = [
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the real pages lie beside the project, not in it"),
    pytest.mark.timeout(240),
]


def title_of(file: Path, charset: str) -> str:
    """What a list would call the page: a page that bears no title of its list may be taken for a refusal."""
    found = re.search(r"(?is)<title[^>]*>\s*([^<]+?)\s*</title>", file.read_bytes().decode(charset, "ignore"))
    return found[1] if found else escape(file.stem)


def serve(site: Site, name: str, charset: str) -> int:
    """Serve a folder of the corpus under ``/name/`` with a list over it in ``charset``; how many pages."""
    files = sorted((CORPUS / name).glob("*.html"))
    chunks = [files[start : start + PER_PAGE] for start in range(0, len(files), PER_PAGE)]
    for number, chunk in enumerate(chunks):
        rows = "".join(
            f"<li><a href='doc/{number}_{index:03d}.html'>{title_of(file, charset)}的全文</a>第{index}条</li>"
            for index, file in enumerate(chunk)
        )
        script = f'<script>createPageHTML({len(chunks)}, {number}, "index", "html");</script>'
        text = f"<html><head><meta charset={charset}><title>目录</title></head><ul>{rows}</ul>{script}</html>"
        page = answer(text.encode(charset), media_type="text/html")
        site[f"/{name}/index_{number}.html" if number else f"/{name}/"] = page
        for index, file in enumerate(chunk):
            # No charset in the header, as most of these sites serve them.
            site[f"/{name}/doc/{number}_{index:03d}.html"] = answer(file.read_bytes(), media_type="text/html")
    return len(files)


def test_real_pages_go_the_whole_way_without_mojibake(operator: Operator, site: Site) -> None:
    board, government = serve(site, "html-gbk", "gbk"), serve(site, "html-gov", "utf-8")
    operator.configure("html-gbk", "html-gov", site=site, processes=1)
    operator.environment["QUALWATCH_MAIL__IMMEDIATE_FROM"] = (
        "medium"  # else a medium case waits for tomorrow's digest
    )
    ended = operator.run("run", "--once")
    assert "Traceback" not in ended.stdout + ended.stderr

    # Pictures that three pages show in place of text are no part of the corpus: they are gone.
    asked = operator.rows(
        "select outcome, count(*) from fetch_record where url like '%/doc/%.html' group by 1"
    )
    outcomes = {str(outcome): int(str(count)) for outcome, count in asked}
    assert sum(outcomes.values()) == board + government, "each page is read or on the list that says why"
    assert set(outcomes) <= {"ok", "empty"}, outcomes
    stored = [str(text) for (text,) in operator.rows("select text from document_version")]
    assert len(stored) == outcomes["ok"] >= 0.9 * (board + government)
    assert sum(text.count("\ufffd") for text in stored) == 0
    assert not any(mojibake in text for text in stored for mojibake in ("Ã", "锟斤拷", "銆", "鐨勬"))

    findings = operator.rows(
        "select f.quote, v.text, f.start, f.end, f.case_id from finding f "
        "join document_version v on v.id = f.version_id"
    )
    assert findings
    assert all(str(text)[int(str(start)) : int(str(end))] == quote for quote, text, start, end, _ in findings)
    assert operator.count("case") > 0
    mails = operator.mails()
    assert len(mails) == operator.count("outbox_message") > 0
    assert operator.count("outbox_message", "state != 'sent'") == 0
    parts = [part for mail in mails for part in mail.walk() if part.get_content_type() == "text/plain"]
    letters = "".join(str(part.get_content()) for part in parts if isinstance(part, EmailMessage))
    assert all(str(quote) in letters for quote, *_, case in findings if case is not None)

    again = operator.run("run", "--once")
    assert again.returncode == 0
    assert operator.count("finding") == len(findings)
