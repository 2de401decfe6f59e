"""Secrets that stand in files of their own, as container engines and systemd hand them over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr

from settings.errors import SettingsError

_LARGEST = 64 * 1024
_FILE = "_file"
T = TypeVar("T", bound=BaseModel)


def with_secrets(table: T, base: Path, name: str = "") -> T:
    """``table`` with every ``key_file`` read into its ``key``, in all tables below it too.

    Relative paths start from ``base``. Raises :class:`SettingsError`, which never quotes what a file holds.
    """
    changes: dict[str, Any] = {}
    for key, value in table:
        here = f"{name}.{key}" if name else key
        if isinstance(value, BaseModel):
            changes[key] = with_secrets(value, base, here)
        elif isinstance(value, tuple):
            changes[key] = tuple(
                with_secrets(each, base, f"{here}[{place}]") if isinstance(each, BaseModel) else each
                for place, each in enumerate(value)
            )
        elif (
            key.endswith(_FILE) and value and (target := key.removesuffix(_FILE)) in type(table).model_fields
        ):
            plain = getattr(table, target)
            if plain.get_secret_value() if isinstance(plain, SecretStr) else plain:
                raise SettingsError([f"{here}: {target} is set as well: write one of them"])
            secret = _read(base / value, here)
            changes[target] = SecretStr(secret) if isinstance(plain, SecretStr) else secret
    changed = {key: value for key, value in changes.items() if value is not getattr(table, key)}
    return table.model_copy(update=changed) if changed else table


def secret_files(table: BaseModel) -> Iterator[str]:
    """Every file that a key of ``table`` takes its secret from."""
    for key, value in table:
        if isinstance(value, BaseModel):
            yield from secret_files(value)
        elif isinstance(value, tuple):
            for each in value:
                yield from secret_files(each) if isinstance(each, BaseModel) else ()
        elif key.endswith(_FILE) and value and key.removesuffix(_FILE) in type(table).model_fields:
            yield value


def secret_values(table: BaseModel) -> Iterator[str]:
    """Every secret in ``table``."""
    for _, value in table:
        if isinstance(value, SecretStr) and value.get_secret_value():
            yield value.get_secret_value()
        elif isinstance(value, BaseModel):
            yield from secret_values(value)
        elif isinstance(value, tuple):
            for each in value:
                yield from secret_values(each) if isinstance(each, BaseModel) else ()


def _read(file: Path, key: str) -> str:
    try:
        with file.open("rb") as opened:
            body = opened.read(_LARGEST + 1)
        secret = body.decode("utf-8").strip("\r\n")
    except OSError as error:
        raise SettingsError(
            [f"{key}: {file} cannot be read ({error.strerror}): write the secret there, for this user alone"]
        ) from None
    except UnicodeDecodeError:
        raise SettingsError([f"{key}: {file} is not UTF-8: write the secret there as text"]) from None
    if not secret or len(body) > _LARGEST or "\n" in secret:
        raise SettingsError([f"{key}: {file} holds no secret: write it there as one line"])
    return secret
