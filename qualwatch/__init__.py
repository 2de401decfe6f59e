"""The program ``qualwatch``: finds its rooms and runs the command line.

The rooms (``jobs``, ``storage``, …) are folders at the root of the repository, with names that other packages
may have too. A wheel therefore keeps them in ``qualwatch/rooms``, where only this program looks: installed
beside other packages it adds one name, ``qualwatch``, and hides none of theirs.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOMS = Path(__file__).parent / "rooms"
if not ROOMS.is_dir():  # a checkout: the rooms stand beside this package
    ROOMS = Path(__file__).parent.parent
if str(ROOMS) not in sys.path:
    sys.path.insert(0, str(ROOMS))


def main() -> None:
    """Run the command line; the exit code is the command's."""
    from cli.main import main as run  # noqa: PLC0415 - the rooms are found above

    run()
