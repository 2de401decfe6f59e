"""``python -m tests.jobs.one_task CONFIG TASK``: does a pickled task, with nothing but the configuration."""

from __future__ import annotations

import pickle
import sys
from base64 import b64decode
from pathlib import Path

from jobs.runtime import open_command_runtime
from settings import load_settings


def main(config: str, task: str) -> None:
    """Say what came of it."""
    with open_command_runtime(load_settings(Path(config))) as there:
        sys.stdout.write(repr(pickle.loads(b64decode(task)).run(there.context)))  # noqa: S301 - made by the test


if __name__ == "__main__":
    main(*sys.argv[1:])
