"""Commands that are imported when they are typed, and not before.

The help of a group, the completion of the shell and the advice about a slip know its commands by name and one
line; none of these imports a command.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Any, NamedTuple

import typer
import typer.main

from cli.chinese import ChineseCommand, ChineseGroup, Commands


class Listed(NamedTuple):
    """A command as its group names it."""

    where: str
    """``module:attribute`` of its function, or of the ``Commands`` that it consists of."""
    line: str
    """The first paragraph of its help."""


class _Loaded(MutableMapping[str, Any]):
    """The commands of a group by name: whoever asks for one has it imported."""

    def __init__(self, listed: Mapping[str, Listed]) -> None:
        self._listed = listed
        self.known: dict[str, Any] = {
            name: ChineseCommand(name, help=each.line) for name, each in listed.items()
        }
        """What can be said of each so far: itself, or what stands for it where nobody asked for it."""
        self._waiting = set(listed)

    def __getitem__(self, name: str) -> Any:
        if name in self._waiting:
            self.known[name] = _load(name, self._listed[name].where)
            self._waiting.discard(name)
        return self.known[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self.known[name] = command
        self._waiting.discard(name)

    def __delitem__(self, name: str) -> None:
        del self.known[name]
        self._waiting.discard(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.known)

    def __len__(self) -> int:
        return len(self.known)


def _load(name: str, where: str) -> Any:
    module, attribute = where.split(":")
    command = getattr(import_module(module), attribute)
    alone = Commands()
    if isinstance(command, typer.Typer):
        alone.add_typer(command, name=name)
    else:
        alone.command(name)(command)
    return typer.main.get_group(alone).commands[name]


class _LoadingGroup(ChineseGroup):
    """Lists its commands without importing them, and imports the one that was typed."""

    listed: Mapping[str, Listed]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands: _Loaded = _Loaded(self.listed)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - as Typer calls it
        return list(self.commands)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - as Typer calls it
        """What is known of a command without importing it, for those who list it."""
        return self.commands.known.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that was typed, with what follows it."""
        self.commands.get(args[0])
        return super().resolve_command(ctx, args)


def loading(listed: Mapping[str, Listed]) -> type[ChineseGroup]:
    """A group of these commands, for ``Commands(cls=…)``."""
    return type("LoadingGroup", (_LoadingGroup,), {"listed": listed})
