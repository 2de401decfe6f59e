"""Makes the README's pictures from the running program: ``make pictures``.

Needs tmux, chromium and CJK fonts.

The terminal is a real one (tmux) with ``qualwatch run`` in it, the mail is one that this run wrote, the page
is the one behind its button, and the desk is this run's too. All that they show is the sample site's.
"""

from __future__ import annotations

import email
import email.policy
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

DOCS = Path(__file__).parent
SESSION = "qualwatch-pictures"
COLUMNS, LINES = 170, 22
OWNER = {"name": "王科长", "email": "qualwatch@example.com"}
ALWAYS_TOLD = {
    "QUALWATCH_SUPERVISORS": json.dumps(
        [{**OWNER, "working_days": [1, 2, 3, 4, 5, 6, 7], "working_hours": "00:00-24:00"}]
    )
}
"""Mails are written at once, whatever the hour is at which the pictures are made."""
CHROMIUM = (
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DARK = TerminalTheme(
    (20, 22, 26),
    (216, 219, 224),
    [
        (20, 22, 26),
        (235, 95, 95),
        (110, 200, 120),
        (225, 185, 90),
        (110, 160, 240),
        (200, 130, 220),
        (95, 200, 205),
        (216, 219, 224),
    ],
)
PAGE = """<!doctype html><meta charset="utf-8"><style>
/* a Chinese character is made exactly two Latin ones wide, as on a terminal */
@font-face {{ font-family: wide; src: local("Noto Sans CJK SC"); size-adjust: 120.4%;
  unicode-range: U+2E80-9FFF, U+F900-FAFF, U+FF00-FFEF; }}
body {{ background: #14161a; color: #d8dbe0; margin: 18px; }}
pre {{ font: 13px/1.45 wide, "DejaVu Sans Mono", monospace; margin: 0; }}
</style>{code}"""


def main() -> None:
    """Write ``terminal.png``, ``alert-mail.png``, ``case-page.png`` and the desk's pictures into ``docs``."""
    with TemporaryDirectory() as folder:
        work = Path(folder) / "qualwatch"
        work.mkdir()
        shown = _watch_a_run(work)
        _screenshot(
            PAGE.format(code=_as_html(shown.replace(str(work), "/srv/qualwatch"))),
            DOCS / "terminal.png",
            work,
            (1300, 400),
        )
        mail = _part(_most_urgent_mail(work / "var" / "mail"), "html")
        _screenshot(mail, DOCS / "alert-mail.png", work, (760, 1180))


def _watch_a_run(work: Path) -> str:
    """What the terminal shows after the first visits, with its colours."""
    program = str(Path(sys.executable).with_name("qualwatch"))
    tmux = ["tmux", "-L", SESSION]
    size = ["-x", str(COLUMNS), "-y", str(LINES)]
    window = [*tmux, "-f", "/dev/null", "new-session", "-d", *size, "-c", str(work), program, "run"]
    subprocess.run(window, check=True, env={**os.environ, **ALWAYS_TOLD})  # noqa: S603
    try:
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline and len(list((work / "var/mail/new").glob("*"))) < 10:
            time.sleep(1)
        time.sleep(4)
        text = _part(_most_urgent_mail(work / "var" / "mail"), "plain")
        button = re.search(r"http://127\.0\.0\.1:\S+/dismiss\?\S+", text)
        if button is None:
            raise SystemExit("the mail has no button")
        _photograph(button[0], DOCS / "case-page.png", work, (1060, 800))
        _photograph_desk(program, work)
        shown = subprocess.run(  # noqa: S603
            [*tmux, "capture-pane", "-e", "-p"], check=True, capture_output=True, text=True
        )
        return shown.stdout
    finally:
        subprocess.run([*tmux, "send-keys", "C-c"], check=False)  # noqa: S603
        time.sleep(3)
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)  # noqa: S603


def _photograph_desk(program: str, work: Path) -> None:
    """The desk as the administrator sees it, entered by the link that the operator prints."""
    asked = [program, "case", "desk", "--to", "qualwatch@example.com"]
    environment = {**os.environ, **ALWAYS_TOLD}
    printed = subprocess.run(  # noqa: S603
        asked, cwd=work, check=True, capture_output=True, text=True, env=environment
    ).stdout
    link = re.search(r"http://127\.0\.0\.1:\S+/enter\?\S+", printed)
    if link is None:
        raise SystemExit(f"no link to the desk: {printed}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which(CHROMIUM[0]), args=[*CHROMIUM[2:]])
        page = browser.new_page(viewport={"width": 1060, "height": 760}, color_scheme="light")
        page.goto(link[0])
        page.screenshot(path=DOCS / "desk-today.png")
        page.goto(link[0].partition("/enter")[0] + "/cases")
        page.screenshot(path=DOCS / "desk-cases.png")
        browser.close()


def _as_html(shown: str) -> str:
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text.from_ansi(shown.rstrip()), overflow="crop", no_wrap=True)
    return console.export_html(theme=DARK, inline_styles=True, code_format="<pre>{code}</pre>")


def _most_urgent_mail(maildir: Path) -> EmailMessage:
    messages = [
        email.message_from_bytes(path.read_bytes(), EmailMessage, policy=email.policy.default)
        for path in sorted((maildir / "new").iterdir())
    ]
    return min(messages, key=lambda message: "紧急" not in message["Subject"])


def _part(mail: EmailMessage, kind: str) -> str:
    """The text of a mail, as ``html`` or ``plain``."""
    part = mail.get_body((kind,))
    if part is None:
        raise SystemExit(f"the mail has no {kind} part")
    return str(part.get_content())


def _screenshot(page: str, picture: Path, work: Path, size: tuple[int, int]) -> None:
    source = work / f"{picture.stem}.html"
    source.write_text(page, encoding="utf-8")
    _photograph(source.as_uri(), picture, work, size)


def _photograph(address: str, picture: Path, work: Path, size: tuple[int, int]) -> None:
    width, height = size
    profile = work / "chromium"
    flags = [f"--user-data-dir={profile}", f"--window-size={width},{height}", f"--screenshot={picture}"]
    subprocess.run([*CHROMIUM, *flags, address], check=True, capture_output=True)  # noqa: S603
    shutil.rmtree(profile, ignore_errors=True)


if __name__ == "__main__":
    main()
