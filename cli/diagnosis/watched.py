"""What is known of the work: the daemon, the official lists, sources in trouble, letters that wait."""

from __future__ import annotations

import ctypes.util
import importlib.util
from collections.abc import Iterator, Sequence
from datetime import timedelta

import requests
from sqlalchemy import func
from sqlmodel import Session, col, select

from catalogue.completeness import say_incomplete
from catalogue.current import current_completeness
from cli.diagnosis.kept import shortened
from cli.diagnosis.model import Diagnosis, Installation, Part, failure, ok, warning
from cli.imported import installed_lists
from crawling.fetching.browser.processes import find_chromium
from crawling.fetching.model import FetchError
from jobs.status import SourceRow, read_rows
from settings.sources import Source
from storage.database import for_reading
from storage.errors import DatabaseError
from storage.leases import Leases
from storage.tables import OutboxMessage
from storage.under_way import DAEMON
from vocabulary.codes import OutboxState
from vocabulary.names import name_of
from vocabulary.presentation import displayable

_SHOWN = 10
_WAITS = timedelta(hours=2)
_SECONDS = 10


def check_daemon(installation: Installation) -> Iterator[Diagnosis]:
    """Whether it runs, and what it says of itself."""
    if installation.engine is None:
        return
    if not Leases(installation.engine).is_held(DAEMON):
        yield warning(Part.DAEMON, "没有运行", "启动：systemctl start qualwatch，或 qualwatch run")
        return
    metrics = installation.settings.metrics
    host = "127.0.0.1" if metrics.host in {"0.0.0.0", "::"} else metrics.host  # noqa: S104 - asked, not served
    try:
        answer = requests.get(f"http://{host}:{metrics.port}/healthz", timeout=_SECONDS)
        problems = [str(problem) for problem in answer.json()["problems"]]
    except (requests.RequestException, ValueError, KeyError, TypeError):
        # It may run on another machine, or have moved to another port.
        yield ok(Part.DAEMON, "正在运行")
        return
    if not problems:
        yield ok(Part.DAEMON, "正在运行，自检正常（/healthz）")
    for problem in problems:
        yield failure(Part.DAEMON, f"自检报告：{displayable(problem, limit=300)}", "查看日志，按所述原因处理")


def check_catalogue(installation: Installation) -> Iterator[Diagnosis]:
    try:
        measured = current_completeness(installed_lists(installation.settings))
    except (ValueError, DatabaseError) as error:
        yield failure(
            Part.CATALOGUE, f"导入的清单无法读取：{error}", "qualwatch catalogue undo 撤销后重新导入"
        )
        return
    if line := say_incomplete(measured):
        said, _, advice = line.partition("；")
        yield warning(Part.CATALOGUE, said, advice)
    else:
        yield ok(Part.CATALOGUE, f"{len(measured)} 份正式清单均完整")


def check_sources(installation: Installation) -> Iterator[Diagnosis]:
    """The sources in trouble, the worst first; all of them failing is this machine's fault."""
    part, sources = Part.SOURCES, installation.settings.watched()
    if not sources:
        yield warning(
            part, "没有配置来源，只监测示例站点", "qualwatch source add 网址，或 source import 文件"
        )
        return
    if installation.engine is None:
        return
    today = installation.now.date()
    rows = read_rows(installation.engine, [source for source in sources if not source.is_muted(today)])
    visited = [row for row in rows if row.outcome is not None]
    troubled = [row for row in rows if row.is_troubled]
    said = f"共 {len(rows)} 个，已访问 {len(visited)} 个，异常 {len(troubled)} 个"
    if not troubled:
        yield ok(part, said)
        return
    if len(troubled) == len(rows) > 1:
        yield failure(part, f"{said}：全部来源异常", "多半是本机网络、代理或域名解析的问题")
    else:
        yield warning(
            part, said, "逐个查看：qualwatch source show 代号；逐步检查：qualwatch source test 代号"
        )
    for row in sorted(troubled, key=lambda row: -row.failures_in_a_row)[:_SHOWN]:
        yield _trouble(row)
    if len(troubled) > _SHOWN:
        yield warning(part, f"另有 {len(troubled) - _SHOWN} 个来源异常", "qualwatch source list 列出全部")


def _trouble(row: SourceRow) -> Diagnosis:
    said = [f"{name_of(each.kind)}（{each.detail}）" for each in row.troubles]
    if not said and row.outcome is not None:
        said = [f"{name_of(row.outcome)}（{row.detail}）"]
    text = displayable("；".join(said), limit=300)
    return warning(Part.SOURCES, f"{row.name}：{text}", f"qualwatch source show {row.name}")


def check_letters(installation: Installation) -> Iterator[Diagnosis]:
    """Messages that nobody got."""
    if installation.engine is None:
        return
    with Session(for_reading(installation.engine)) as session:
        counts = dict(
            session.execute(
                select(col(OutboxMessage.state), func.count())
                .where(col(OutboxMessage.state) != OutboxState.SENT)
                .group_by(col(OutboxMessage.state))
            ).all()
        )
        oldest = session.execute(
            select(func.min(col(OutboxMessage.created_at))).where(
                col(OutboxMessage.state).in_((OutboxState.WAITING, OutboxState.LEASED)),
            )
        ).scalar_one()
    dead = counts.get(OutboxState.DEAD, 0)
    waiting = counts.get(OutboxState.WAITING, 0) + counts.get(OutboxState.LEASED, 0)
    if dead:
        yield failure(
            Part.LETTERS,
            f"{dead} 条发送失败，已不再尝试",
            "qualwatch outbox list 查看原因，outbox retry --dead 重发",
        )
    if oldest is not None and installation.now - oldest > _WAITS:
        hours = (installation.now - oldest).total_seconds() / 3600
        yield warning(
            Part.LETTERS, f"{waiting} 条待发，最久的已等 {hours:.0f} 小时", "qualwatch outbox list 查看原因"
        )
    elif not dead:
        yield ok(Part.LETTERS, f"{waiting} 条待发，没有发送失败的")


def check_programs(installation: Installation) -> Iterator[Diagnosis]:
    """What is not of Python: archives, pictures of words, the browser."""
    part, settings, missing = Part.PROGRAMS, installation.settings, list[Diagnosis]()
    if ctypes.util.find_library("archive") is None:
        missing.append(warning(part, "RAR、7z、TAR 附件不能解开", "apt-get install libarchive-tools"))
    if settings.detection.ocr_processes and importlib.util.find_spec("rapidocr") is None:
        advice = "pip install 'qualwatch[ocr]'，或设 detection.ocr_processes = 0"
        missing.append(warning(part, "图片和扫描件不能识别（没有安装 ocr 扩展）", advice))
    missing += _browser(settings.watched(), settings.fetching.browser_path)
    yield from missing
    if not missing:
        yield ok(part, "压缩附件、图片识别和浏览器齐备")


def _browser(sources: Sequence[Source], path: str) -> Iterator[Diagnosis]:
    drawn = [source.name for source in sources if source.browser]
    if not drawn:
        return
    try:
        find_chromium(path)
    except FetchError as error:
        yield failure(
            Part.PROGRAMS, f"{shortened(drawn)} 需要浏览器：{error.detail}", "apt-get install chromium"
        )
        return
    if importlib.util.find_spec("playwright") is None:
        yield failure(Part.PROGRAMS, f"{shortened(drawn)} 需要浏览器扩展", "pip install 'qualwatch[browser]'")
