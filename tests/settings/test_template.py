"""The file that an operator starts from keeps step with the model."""

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from settings import load_settings, write_default
from settings.model import Settings
from settings.shipped import shipped_presets
from settings.template import default_text

NEEDS_EXAMPLES = ("sources", "supervisors", "chats")
"""Lists of tables: empty by default, shown by an example."""


def uncommented() -> dict[str, Any]:
    """Prose begins with "# ", a key or heading that is commented out with "#" alone."""
    return tomllib.loads(re.sub(r"(?m)^#(?=[\w\[])", "", default_text()))


def keys_of(model: type[BaseModel], path: str = "") -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        here = f"{path}.{name}" if path else name
        inner = [field.annotation, *get_args(field.annotation)]
        models = [each for each in inner if isinstance(each, type) and issubclass(each, BaseModel)]
        found |= keys_of(models[0], here) if models else {here}
    return found


def keys_in(values: dict[str, Any], path: str = "") -> set[str]:
    found = set()
    for name, value in values.items():
        here = f"{path}.{name}" if path else name
        table = value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else value
        found |= keys_in(table, here) if isinstance(table, dict) else {here}
    return found


def test_the_file_as_written_leaves_all_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plain = load_settings()
    assert write_default(tmp_path / "qualwatch.toml")
    assert load_settings() == plain


def test_uncommenting_everything_names_every_key_of_the_model_and_is_valid() -> None:
    values = uncommented()
    assert keys_in(values) == keys_of(Settings)
    settings = Settings.model_validate(values)
    assert len(settings.sources) == len(settings.supervisors) == 1


def test_the_values_shown_are_the_defaults() -> None:
    shown = Settings.model_validate({k: v for k, v in uncommented().items() if k not in NEEDS_EXAMPLES})
    # The sample site's default depends on what else is watched; true is what it comes to with this file.
    assert shown.sample.enabled is Settings().serves_sample
    assert shown.model_copy(update={"sample": Settings().sample}) == Settings()


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "qualwatch.toml"
    path.write_text("presets = []", encoding="utf-8")
    assert not write_default(path)
    assert path.read_text(encoding="utf-8") == "presets = []"


def test_the_file_lists_every_preset() -> None:
    (names,) = re.findall(r"(?s)# Shipped sources to switch on: (.*?)\.\n", default_text())
    assert set(re.split(r",[\s#]+", names)) == set(shipped_presets())


def test_every_comment_of_the_file_begins_in_chinese() -> None:
    comments = re.findall(r"(?m)(?:^# .*\n)+", default_text())
    assert len(comments) > 100
    english = [
        comment
        for comment in comments
        if not re.search("[一-龥]", comment.partition(" · ")[0].splitlines()[0])
    ]
    assert english == []
