"""The command line speaks Chinese: help and errors that Typer itself writes in English."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.exceptions import Abort, TyperException

_Function = TypeVar("_Function", bound=Callable[..., Any])

_SAID = (
    (r"No such option: (\S+) \(Possible options: (.*)\)", r"没有选项 \1，是否指 \2？"),
    (r"No such option: (.+)", r"没有选项 \1"),
    (r"No such command '(.+?)'\.(?: Did you mean (.+)\?)?", r"没有命令“\1”"),
    (r"Missing command\.", "缺少命令"),
    (r"Missing (?:argument|option|parameter) '?(.+?)'?\.(?: .*)?", r"缺少 \1"),
    (r"Invalid value for '?(.+?)'?: (.+)", r"\1 的值无效：\2"),
    (r"Invalid value: (.+)", r"\1"),
    (r"Value error, (.+)", r"\1"),
    (r"Input should be a valid integer.*", "应为整数"),
    (r"Input should be greater than or equal to (\S+)", r"不得小于 \1"),
    (r"Input should be less than or equal to (\S+)", r"不得大于 \1"),
    (r"(?:Value )?'(.*)' is not a valid integer(?: range)?\.", r"“\1”不是整数"),
    (r"'(.*)' is not one of (.+)\.", r"“\1”不在可选值中：\2"),
    (r"(.+) is not in the range (.+)\.", r"\1 不在范围 \2 内"),
    (r"Option '?(.+?)'? requires an argument\.", r"选项 \1 后面须写值"),
    (r"Option '?(.+?)'? does not take a value\.", r"选项 \1 后面不写值"),
    (r"Got unexpected extra arguments? ?\(?s?\)? ?\((.+)\)", r"多余的参数：\1"),
    (r"\w+ '(.+)' does not exist\.", r"“\1”不存在"),
)
"""What Typer says, and how it is said here; what is none of these is shown as it is."""


_COMPLETION = {
    "install_completion": "为当前 shell 安装命令补全。",
    "show_completion": "显示当前 shell 的命令补全脚本。",
}


class _Spoken:
    """How a command shows its usage and its option ``--help``."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        _name_panels()
        super().format_help(ctx, formatter)  # type: ignore[misc]

    def get_usage(self, ctx: Any) -> str:
        usage: str = super().get_usage(ctx)  # type: ignore[misc]
        return usage.replace("Usage: ", "用法：", 1).replace("[OPTIONS]", "[选项]").replace("COMMAND", "命令")

    def get_params(self, ctx: Any) -> list[Any]:
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for param in params:
            param.help = _COMPLETION.get(param.name, getattr(param, "help", None))
        return params

    def get_help_option(self, ctx: Any) -> TyperOption | None:
        option: TyperOption | None = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = "显示此说明并退出。"
        return option


class ChineseCommand(_Spoken, TyperCommand):
    pass


class ChineseGroup(_Spoken, TyperGroup):
    pass


class Commands(typer.Typer):
    """A group of commands."""

    def __init__(self, cls: type[ChineseGroup] = ChineseGroup, **options: Any) -> None:
        super().__init__(cls=cls, no_args_is_help=True, **options)

    def command(self, name: str | None = None, **options: Any) -> Callable[[_Function], _Function]:
        """As Typer's; the command speaks Chinese."""
        return super().command(name, **{"cls": ChineseCommand, **options})


def translate(said: str) -> str:
    """An error of Typer's in Chinese; one that is not known stays as it is."""
    for pattern, chinese in _SAID:
        words = chinese
        if found := re.fullmatch(pattern, said, re.DOTALL):
            for number, part in enumerate(found.groups(), 1):
                words = words.replace(f"\\{number}", translate(part or ""))
            return words
    return said


def run(app: typer.Typer, **options: Any) -> NoReturn:
    """Run ``app``; what was typed wrongly ends with one message and exit code 2."""
    try:
        code = app(prog_name="qualwatch", standalone_mode=False, **options)
    except Abort:
        typer.echo("已中止。", err=True)
        sys.exit(1)
    except TyperException as error:
        message = error.format_message()
        context = getattr(error, "ctx", None)
        if context is None or type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(translate(message), err=True)
        else:
            typer.echo(f"{context.command_path}：{translate(message)}", err=True)
            typer.echo(f"用法见 {context.command_path} --help", err=True)
        sys.exit(error.exit_code)
    sys.exit(code if isinstance(code, int) else 0)


def _name_panels() -> None:
    """The headings of help; its library is loaded for nothing else."""
    from typer import rich_utils

    rich_utils.ARGUMENTS_PANEL_TITLE = "参数"
    rich_utils.OPTIONS_PANEL_TITLE = "选项"
    rich_utils.COMMANDS_PANEL_TITLE = "命令"
    rich_utils.DEFAULT_STRING = "[默认：{}]"
    rich_utils.REQUIRED_LONG_STRING = "[必填]"
