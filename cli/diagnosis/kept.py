"""What is on this machine: the configuration, the database, the evidence, the disk and the clock."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

from sqlalchemy import Engine, func
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from alerts.people.in_force import settings_now
from cli.diagnosis.model import Diagnosis, Installation, Part, failure, ok, warning
from settings import Settings
from settings.retention import Storage
from settings.secrets import secret_files
from storage.database import database_now, for_reading, open_database
from storage.errors import DatabaseError, EvidenceError
from storage.evidence import EvidenceRecord, EvidenceRef, EvidenceStore, Exchange
from storage.leases import Leases
from storage.migrate import require_current
from storage.stored_sources import stored_sources, with_stored
from storage.tables import DocumentVersion, Visit

_PROOFS = 10
"""Versions kept last whose evidence is read."""
_SKEW = timedelta(minutes=2)
_SCARCE, _FULL = 2 << 30, 256 << 20
"""Free bytes below which a volume is a warning and a failure."""
_DAYS = 7
_DAYS_LEFT = 30


def check_configuration(installation: Installation) -> Iterator[Diagnosis]:
    settings, file = installation.settings, installation.file
    part = Part.CONFIGURATION
    if not file.is_file():
        yield warning(
            part, f"{file} 不存在，按默认设置运行", "运行 qualwatch run 一次，会写出带注释的配置文件"
        )
    else:
        yield ok(
            part,
            f"{file} 和工作台：监测来源 {len(settings.watched())} 个，"
            f"监管人员 {len(settings.supervisors)} 人，群聊 {len(settings.chats)} 个",
        )
        if file.stat().st_mode & 0o007:
            yield warning(part, "本机其他用户可以读取配置文件", f"运行 chmod 600 {file}")
    for name in secret_files(settings):
        if not name.startswith("/run/") and (file.parent / name).stat().st_mode & 0o007:
            yield warning(part, f"本机其他用户可以读取密码文件 {name}", f"运行 chmod 600 {name}")
    if not settings.supervisors:
        yield warning(
            part,
            "没有监管人员，全部通知发给管理员",
            "在工作台的“通知对象”中新增，或用 qualwatch supervisor add",
        )
    if settings.administrator == Settings.model_fields["administrator"].default:
        yield warning(
            part, f"管理员邮箱仍是示例地址 {settings.administrator}", "在配置中写 administrator = 您的邮箱"
        )
    nowhere = [source.name for source in settings.watched() if source.region is None and not source.catalogue]
    if nowhere:
        yield warning(
            part,
            f"{len(nowhere)} 个来源没有写地区，只按全国清单判定，不会通知到地方：{shortened(nowhere)}",
            "为其填写 region（六位行政区划代码，qualwatch routing regions 名称 可查）",
        )


def open_kept(settings: Settings) -> tuple[Engine | None, tuple[Diagnosis, ...]]:
    """The database, where it takes a row and gives it back; and what was seen."""
    part, storage = Part.DATABASE, settings.storage
    file = storage.directory / "qualwatch.sqlite3"
    if not storage.database and not file.exists():
        return None, (_not_yet(storage),)
    try:
        engine = open_database(storage.database_url)
    except DatabaseError as error:
        return None, (failure(part, str(error), "按上述说明处理后再运行 qualwatch doctor"),)
    shown = str(file) if not storage.database else engine.url.render_as_string(hide_password=True)
    begun = datetime.now(UTC)
    try:
        require_current(engine)
        with Leases(engine).hold("doctor", shared=True):
            pass
    except (DatabaseError, SQLAlchemyError) as error:
        cause = str(getattr(error, "orig", None) or error).strip()
        engine.dispose()
        advice = "检查磁盘空间，以及数据库文件和目录是否属于运行 qualwatch 的用户"
        return None, (failure(part, f"{shown} 不能使用或不能写入：{cause}", advice),)
    took = (datetime.now(UTC) - begun).total_seconds()
    return engine, (ok(part, f"{shown}：写入并删除一行，用时 {took * 1000:.0f} 毫秒"),)


def with_desk(file: Settings, engine: Engine) -> Settings:
    """``file`` with the sources, supervisors and chats of the desk, as programs run with them."""
    told, _ = settings_now(engine, file)
    with Session(for_reading(engine)) as session:
        return with_stored(told, stored_sources(session))


def _not_yet(storage: Storage) -> Diagnosis:
    there = storage.directory
    while not there.exists():
        there = there.parent
    if not os.access(there, os.W_OK | os.X_OK):
        return failure(
            Part.DATABASE, f"{there} 不可写，无法建立数据库", "修改目录的属主，或另设 storage.directory"
        )
    return warning(Part.DATABASE, "尚无数据库", "启动 qualwatch run，首次启动时建立")


def check_evidence(installation: Installation) -> Iterator[Diagnosis]:
    """A record is written and read beside the others, and the last ones kept are read."""
    part, directory = Part.EVIDENCE, installation.settings.storage.evidence_directory
    kept = _last_versions(installation.engine)
    if not directory.is_dir():
        if kept:
            advice = "恢复该目录（挂载，或 qualwatch restore 备份），否则已登记的发现没有证据"
            yield failure(part, f"{directory} 不存在，而数据库中有已保存的文件", advice)
        return
    advice = "检查磁盘空间和目录权限：证据写不进去时，访问到的内容不会登记"
    try:
        with (
            tempfile.TemporaryDirectory(prefix=".doctor-", dir=directory) as aside,
            EvidenceStore(Path(aside)) as store,
        ):
            store.read(store.write(_probe(installation.now)))
        yield ok(part, f"{directory}：写入并读回一条记录，摘要一致")
    except (OSError, EvidenceError) as error:
        yield failure(part, f"{directory} 不能写入或读回：{error}", advice)
    problems = [problem for ref in kept if (problem := _damage(directory, ref))]
    if problems:
        yield failure(
            part,
            f"最近保存的 {len(kept)} 份文件中 {len(problems)} 份证据缺失或被改动：{problems[0]}",
            "从备份恢复证据目录，并查明原因",
        )
    elif kept:
        yield ok(part, f"最近保存的 {len(kept)} 份文件，证据均可读取且摘要一致")


def _probe(now: datetime) -> Exchange:
    return Exchange("http://doctor.invalid/", "GET", (), 200, "OK", (), "检查".encode(), now)


def _last_versions(engine: Engine | None) -> list[EvidenceRef]:
    if engine is None:
        return []
    columns = (
        col(DocumentVersion.evidence_file),
        col(DocumentVersion.evidence_record),
        col(DocumentVersion.body_sha256),
        col(DocumentVersion.evidence_offset),
    )
    with Session(for_reading(engine)) as session:
        rows = session.execute(select(*columns).order_by(col(DocumentVersion.id).desc()).limit(_PROOFS)).all()
    return [EvidenceRef(*row) for row in rows]


def _damage(directory: Path, ref: EvidenceRef) -> str:
    try:
        with EvidenceStore(directory) as store:
            store.read(ref)
    except EvidenceError as error:
        return str(error)
    return ""


def check_disk(installation: Installation) -> Iterator[Diagnosis]:
    """The volumes of what is kept and of temporary files, each once."""
    storage, volumes = installation.settings.storage, dict[int, Path]()
    for path in (storage.directory, storage.evidence_directory, Path(tempfile.gettempdir())):
        if path.exists():
            volumes.setdefault(path.stat().st_dev, path)
    for path in volumes.values():
        yield _volume(path, _grown(storage.evidence_directory))


def _volume(path: Path, grown: int) -> Diagnosis:
    usage, nodes = shutil.disk_usage(path), os.statvfs(path)
    said = f"{path} 所在卷剩余 {usage.free / 2**30:.1f} GB（共 {usage.total / 2**30:.0f} GB）"
    days = usage.free * _DAYS // grown if grown else None
    if days is not None:
        said += f"，按近 {_DAYS} 天的证据增长约可用 {min(days, 9999)} 天"
    advice = "扩充磁盘，或清理该卷上的其他文件；证据和数据库写不进去时监测会停下"
    no_nodes = nodes.f_files and nodes.f_favail < 1000
    if usage.free < _FULL or no_nodes:
        return failure(Part.DISK, said + ("，文件数已近上限" if no_nodes else ""), advice)
    if usage.free < _SCARCE or (days is not None and days < _DAYS_LEFT):
        return warning(Part.DISK, said, advice)
    return ok(Part.DISK, said)


def _grown(evidence: Path) -> int:
    """Bytes of evidence that were written within the last days."""
    since = datetime.now(UTC).timestamp() - timedelta(days=_DAYS).total_seconds()
    states = []
    for file in evidence.glob("*/*.warc.gz"):
        with suppress(OSError):
            states.append(file.stat())
    return sum(state.st_size for state in states if state.st_mtime > since)


def check_time(installation: Installation) -> Iterator[Diagnosis]:
    """The clock, against what the database knows, its clock, what sites answered, and the time service."""
    part, engine = Part.TIME, installation.engine
    advice = "启用时间同步（timedatectl set-ntp true）：日期决定依据哪一版目录，也决定何时发信"
    zone = installation.settings.time_zone
    wrong: list[str] = []
    if engine is not None:
        wrong += _against_database(engine)
        wrong += _against_sites(engine, installation.settings.storage.evidence_directory)
    synchronised = _time_service()
    if synchronised == "no":
        yield warning(part, "系统时间没有与时间服务器同步", advice)
    for said in wrong:
        yield failure(part, said, advice)
    if not wrong and synchronised != "no":
        known = "，已与时间服务器同步" if synchronised == "yes" else ""
        yield ok(part, f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC{known}；时区 {zone}")


def _against_database(engine: Engine) -> Iterator[str]:
    with Session(for_reading(engine)) as session:
        now, last = (
            database_now(session),
            session.execute(select(func.max(col(Visit.started_at)))).scalar_one(),
        )
    here = datetime.now(UTC)
    if abs(here - now) > _SKEW:
        yield f"本机时钟与数据库服务器相差 {abs(here - now).total_seconds():.0f} 秒"
    if last is not None and last - here > _SKEW:
        yield f"本机时钟早于最近一次访问（{last:%Y-%m-%d %H:%M} UTC），时钟被拨回过"


def _against_sites(engine: Engine, evidence: Path) -> Iterator[str]:
    """What ``Date`` the last answers bore when they were fetched; a cache's may be old, never young."""
    ahead = []
    with EvidenceStore(evidence) as store:
        for ref in _last_versions(engine):
            with suppress(EvidenceError):
                if (skew := _skew(store.read(ref))) is not None:
                    ahead.append(skew)
    if len(ahead) >= 3 and abs(middle := statistics.median(ahead)) > _SKEW.total_seconds():
        yield f"最近访问的网站的时间与本机相差约 {abs(middle):.0f} 秒（中位数）"


def _skew(record: EvidenceRecord) -> float | None:
    """Seconds by which the site's clock was ahead; None where a cache answered or nothing is said."""
    said = record.header("Date")
    if not said or record.header("Age") not in {"", "0"}:
        return None
    try:
        return (parsedate_to_datetime(said) - record.fetched_at).total_seconds()
    except (ValueError, TypeError):  # no date, or one without a zone
        return None


def _time_service() -> str:
    """``yes``, ``no``, or empty where nobody says."""
    program = shutil.which("timedatectl")
    if program is None:
        return ""
    command = [program, "show", "--property=NTPSynchronized", "--value"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.stdout.strip() in {"yes", "no"} else ""


def shortened(names: list[str], most: int = 8) -> str:
    """The first of ``names``, and how many there are."""
    return "、".join(names[:most]) + (f" 等 {len(names)} 个" if len(names) > most else "")
