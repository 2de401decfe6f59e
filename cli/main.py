"""The command line's front door: the commands, each with the module that is imported when it is typed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from cli.chinese import Commands, run
from cli.loading import Listed, loading

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from alerts.metrics.collected import Metrics
    from alerts.metrics.server import Health
    from jobs.context import Context

COMMANDS = {
    "run": Listed("cli.run:run", "启动监测：按计划访问各来源，直到 Ctrl-C。"),
    "console": Listed("cli.console:console", "只提供工作台网页，不访问来源，也不发邮件，直到 Ctrl-C。"),
    "worker": Listed(
        "cli.worker:worker", "在任一台机器上加入工作：从队列中取出到期的访问、通知等并完成，直到 Ctrl-C。"
    ),
    "queue": Listed("cli.queue:app", "多台机器的工作队列：长度、工作机和已搁置的工作。"),
    "doctor": Listed(
        "cli.doctor:doctor",
        "检查整个安装：配置、数据库、证据、磁盘、时间、目录、来源、邮件、群聊、案件页面、证书、域名。",
    ),
    "check": Listed(
        "cli.check:check", "检查文件、文件夹、网页或 JSON Lines 记录，找出违规要求的职业资格证书。"
    ),
    "scan-archive": Listed(
        "cli.scan_archive:scan_archive", "检查并非由本系统抓取的大批资料：招聘平台的导出、其他爬虫的存档。"
    ),
    "source": Listed("cli.source_changes:app", "监测的来源及其状态。"),
    "backfill": Listed("cli.past:backfill", "补采来源的历史信息；中断后再次运行即从断点继续。"),
    "look-back": Listed("cli.past:look_back", "回头看：重新访问未结和已整改案件的页面，并登记变化。"),
    "rejudge": Listed("cli.past:rejudge", "目录更新后重新判定已保存的文件，新增和撤销都登记。"),
    "catalogue": Listed(
        "cli.catalogue_status:app", "职业资格目录：某日有哪些证书，依据什么文件；导入、核对、撤销清单。"
    ),
    "outbox": Listed("cli.outbox:app", "待发送和发送失败的邮件与消息。"),
    "case": Listed("cli.case_merging:app", "案件的查看与处理：列出、确认、排除、责令整改、曝光、结案。"),
    "exception": Listed(
        "cli.exceptions:app",
        "例外：某单位的某种证书，在一定日期之前不再提醒。排除案件时用 --except-until 设立。",
    ),
    "gold": Listed("cli.gold:app", "从排除的案件中整理识别的例子。"),
    "routing": Listed("cli.routing:app", "责任分工：哪个部门跟进哪些资格，通知谁。"),
    "supervisor": Listed("cli.supervisor:app", "监管人员：列出、新增、暂停、恢复、删除，发送测试邮件。"),
    "chat": Listed("cli.chat:app", "群聊：列出、新增、暂停、恢复、删除，发送测试消息。"),
    "user": Listed("cli.user:app", "账号：新增、重置、停用、代办，以及操作记录。"),
    "report": Listed("cli.report:report", "生成监测月报（DOCX 和 XLSX）。"),
    "letter": Listed("cli.report:letter", "生成责令整改通知书草稿（DOCX）。"),
    "evidence": Listed("cli.storage:evidence", "导出某条发现所依据的网页，并核对其 SHA-256 摘要。"),
    "backup": Listed("cli.storage:backup", "备份数据库和证据，并核对副本；监测程序可同时运行。"),
    "restore": Listed("cli.storage:restore", "从备份恢复存储目录，并核对证据；存储目录须不存在或为空。"),
    "storage": Listed("cli.kept:app", "存储：各类数据占用多少、还能用多久，到期清理，移到另一个数据库。"),
}


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"qualwatch {version('qualwatch')}")
        raise typer.Exit


def _qualwatch(
    _version: Annotated[
        bool, typer.Option("--version", help="显示版本。", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """查找公告、办事指南和招聘信息中违规要求的职业资格证书。"""


def assemble() -> Commands:
    """The command line."""
    app = Commands(
        cls=loading(COMMANDS),
        pretty_exceptions_show_locals=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_qualwatch)
    return app


def _serve_console(
    context: Callable[[], Context], metrics: Metrics
) -> AbstractContextManager[tuple[str, Health]]:
    """The daemon serves the console, and yet stands below it and does not know it."""
    from console.serving import serve_console

    return serve_console(context, metrics)


def main() -> None:
    """Run the command line; the exit code is the command's."""
    # Configuration, database, evidence and mails hold passwords, names and signed links.
    os.umask(0o077)
    run(assemble(), obj=_serve_console)
