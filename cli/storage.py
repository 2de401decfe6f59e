"""``qualwatch evidence``, ``qualwatch backup`` and ``qualwatch restore``."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn
from zoneinfo import ZoneInfo

import typer

from vocabulary.dates import chinese_day
from vocabulary.people import AuditKind
from vocabulary.presentation import displayable, mask_personal_numbers
from vocabulary.reasons import in_chinese

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from settings import Settings
    from storage.proof import Proof

WRONG = 1
"""Exit code: the evidence does not hold."""
UNUSABLE = 2
"""Exit code: there was nothing to look at."""
_SHOWN_PROBLEMS = 20

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="使用此配置文件，而不用 ./qualwatch.toml。"),
]


def evidence(
    finding: Annotated[int, typer.Argument(help="发现的编号，见邮件和案件页面。")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="网页存放处；可为目录，- 为标准输出。"),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """导出某条发现所依据的网页，并核对其 SHA-256 摘要。

    退出码：0 核对无误，1 证据缺失或被改动，2 没有该发现或文件无法写入。不覆盖已有文件。
    """
    from sqlmodel import Session

    from storage.database import for_reading
    from storage.errors import EvidenceError
    from storage.evidence import EvidenceStore
    from storage.proof import UnknownFindingError, find_proof
    from storage.tables import Finding

    with _kept(config) as (settings, engine):
        try:
            with (
                Session(for_reading(engine)) as session,
                EvidenceStore(settings.storage.evidence_directory) as store,
            ):
                proof = find_proof(session, store, finding)
                _note_reading(engine, finding, session.get_one(Finding, finding).case_id)
                written = _write_body(proof, output)
                _print_proof(proof, written, ZoneInfo(settings.time_zone))
        except UnknownFindingError:
            _fail(UNUSABLE, f"没有编号为 {finding} 的发现")
        except EvidenceError as error:
            _fail(WRONG, f"证据核对未通过：{in_chinese(str(error))}")


def _note_reading(engine: Engine, finding: int, case_id: int | None) -> None:
    """Write down who takes the page away, before it is: it may hold personal data."""
    from sqlmodel import Session

    from storage.audit import record

    with Session(engine) as session, session.begin():
        who, detail = getpass.getuser(), f"evidence of finding {finding}"
        record(session, AuditKind.READ, actor=who, at=datetime.now(UTC), case_id=case_id, detail=detail)


def backup(
    target: Annotated[Path, typer.Argument(help="备份目录：新目录、空目录或以前的备份。")],
    config: ConfigOption = None,
) -> None:
    """备份数据库和证据，并核对副本；监测程序可同时运行。

    用 qualwatch restore 恢复。退出码：0 完成，1 证据缺失或损坏，2 无法备份。
    """
    from storage.backup import BackupError, back_up

    with _kept(config) as (settings, engine):
        try:
            report = back_up(engine, settings.storage.evidence_directory, target, datetime.now(UTC))
        except BackupError as error:
            _fail(UNUSABLE, str(error))
    typer.echo(
        f"{target}：文件版本 {report.document_versions} 个，证据文件 {report.evidence_files} 个，"
        f"共 {report.evidence_bytes:,} 字节"
    )
    for problem in report.problems[:_SHOWN_PROBLEMS]:
        typer.echo(problem, err=True)
    if report.problems:
        _fail(WRONG, f"{len(report.problems)} 个文件版本的证据不完整")


def restore(
    source: Annotated[Path, typer.Argument(metavar="备份", help="qualwatch backup 所做的目录。")],
    config: ConfigOption = None,
) -> None:
    """从备份恢复存储目录，并核对证据；存储目录须不存在或为空。

    退出码：0 完成，1 备份时证据已缺失，2 未能恢复。
    """
    from settings import SettingsError, load_settings
    from storage.backup import BackupError
    from storage.backup import restore as restore_backup
    from storage.errors import DatabaseError

    try:
        settings = load_settings(config)
        if settings.storage.database:
            _fail(UNUSABLE, "这里只恢复 SQLite；PostgreSQL 请用 pg_restore")
        key = settings.console.contact_key.get_secret_value()
        report = restore_backup(source, settings.storage.directory, key=key)
    except (SettingsError, DatabaseError, BackupError) as error:
        _fail(UNUSABLE, str(error))
    typer.echo(
        f"{settings.storage.directory}：截至 {report.made_at} 的文件版本 {report.document_versions} 个，"
        f"证据文件 {report.evidence_files} 个"
    )
    for problem in report.problems[:_SHOWN_PROBLEMS]:
        typer.echo(problem, err=True)
    if report.problems:
        raise typer.Exit(WRONG)


@contextmanager
def _kept(config: Path | None) -> Iterator[tuple[Settings, Engine]]:
    """Settings and the database that is there; a command that reads creates none."""
    from settings import SettingsError, load_settings
    from storage.database import open_database
    from storage.errors import DatabaseError
    from storage.migrate import require_current

    try:
        settings = load_settings(config)
        url = settings.storage.database_url
        if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
            _fail(UNUSABLE, f"{url.removeprefix('sqlite:///')}: 尚无数据库：请先运行 qualwatch run")
        engine = open_database(url)
    except (SettingsError, DatabaseError) as error:
        _fail(UNUSABLE, str(error))
    try:
        require_current(engine)
        yield settings, engine
    except DatabaseError as error:
        _fail(UNUSABLE, str(error))
    finally:
        engine.dispose()


def _write_body(proof: Proof, output: Path | None) -> str:
    """Write the page and return where; what already holds the very same bytes is left as it is."""
    body = proof.record.body
    if output == Path("-"):
        sys.stdout.buffer.write(body)
        return "stdout"
    path = output or Path(proof.file_name)
    if path.is_dir():
        path = path / proof.file_name
    try:
        with path.open("xb") as file:
            file.write(body)
    except FileExistsError:
        if path.read_bytes() != body:
            _fail(UNUSABLE, f"{path} 已存在，不会覆盖：请用 --output 另指定")
    except OSError as error:
        _fail(UNUSABLE, f"{path}: 无法写入：{error.strerror}")
    return str(path)


def _print_proof(proof: Proof, written: str, zone: ZoneInfo) -> None:
    """The summary goes to stderr where the page itself goes to stdout."""
    finding, version, record = proof.finding, proof.version, proof.record
    fetched = record.fetched_at.astimezone(zone)
    unverified = "" if record.certificate_verified else "，未验证网站的 HTTPS 证书"
    answered = f"由 {record.drawn_by} 运行页面脚本后" if record.drawn_by else f"HTTP {record.status}"
    quote = f"{_shown(proof.before)}【{_shown(finding.quote)}】{_shown(proof.after)}"
    lines = (
        ("发现", f"{finding.id}：{finding.qualification}"),
        ("标题", proof.document.title),
        ("网址", record.url),
        (
            "抓取时间",
            f"{chinese_day(fetched.date())} {fetched:%H:%M:%S}（{zone.key}），{answered}{unverified}",
        ),
        ("SHA-256", f"{record.body_sha256}（已核对，与抓取时一致）"),
        ("存档", f"{version.evidence_file} {version.evidence_record}"),
        ("原文", quote),
        ("说明", finding.explanation),
        ("已导出", f"{written}（{len(record.body)} 字节）"),
    )
    for name, value in lines:
        # Only what people wrote is masked: the digits of an address are needed to open it.
        text = _shown(value) if name in {"标题", "说明"} else displayable(value)
        typer.echo(f"{name}：{text}", err=written == "stdout")


def _shown(text: str) -> str:
    """Text of a page on one line, with telephone and identity numbers masked."""
    return displayable(mask_personal_numbers(text))


def _fail(code: int, message: str) -> NoReturn:
    typer.echo(in_chinese(message), err=True)
    raise typer.Exit(code)
