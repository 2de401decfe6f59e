"""The command line as somebody with a shell runs it, in a process of its own for each command.

Half of what a command takes is to import the program and to learn how tables are made. A process that has
done so, and nothing else, forks for each command: what it runs is ``python -m qualwatch`` with its own
arguments, folder, environment and files.
``run_command`` waits for its end, ``Started`` is one that goes on beside the test.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, NamedTuple

ROOT = Path(__file__).parents[2]
_starting = threading.Lock()
_servers: dict[int, str] = {}
"""The addresses of the servers of this process."""


def run_command(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    typed: bytes = b"",
    timeout: float = 90,
    module: str = "qualwatch",
) -> subprocess.CompletedProcess[bytes]:
    """What ``qualwatch WORDS`` in ``folder`` says, and its exit code; ``typed`` is its standard input.

    Another ``module`` is run as ``python -m MODULE WORDS``.
    """
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as said,
        tempfile.TemporaryFile() as complained,
        socket.socket(socket.AF_UNIX) as connection,
    ):
        given.write(typed)
        given.seek(0)
        files = [given.fileno(), said.fileno(), complained.fileno()]
        _order(connection, _Order(words, folder, environment, module), files)
        connection.settimeout(timeout)
        with connection.makefile("r") as answers:
            process = int(answers.readline())
            try:
                status = int(answers.readline())
            except TimeoutError:
                os.kill(process, signal.SIGKILL)
                raise subprocess.TimeoutExpired(list(words), timeout) from None
        said.seek(0)
        complained.seek(0)
        return subprocess.CompletedProcess(list(words), status, said.read(), complained.read())


class _Order(NamedTuple):
    words: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    module: str = "qualwatch"


class Started:
    """A command that runs; what it writes can be read from ``stdout``.

    It is dealt with as with any process: the names are those of ``subprocess.Popen``. Another ``module`` is
    run as ``python -m MODULE WORDS``.
    """

    def __init__(
        self,
        words: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        *,
        module: str = "qualwatch",
    ) -> None:
        self.returncode: int | None = None
        self._words = list(words)
        self._connection = socket.socket(socket.AF_UNIX)
        said, write = os.pipe()
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - its number is handed over
            files = [nothing.fileno(), write, write]
            _order(self._connection, _Order(words, folder, environment, module), files)
        os.close(write)
        self.stdout: IO[str] = os.fdopen(said, encoding="utf-8")
        self._answers = self._connection.makefile("r")
        self.pid = int(self._answers.readline())

    def poll(self) -> int | None:
        """Its exit code; None where it still runs."""
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended; raises ``TimeoutExpired`` where it runs on."""
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self._words, timeout or 0)
            self.returncode = int(self._answers.readline())
            self._answers.close()
            self._connection.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """What it wrote that nobody has read, once it has ended."""
        parts: list[str] = []
        reading = threading.Thread(target=lambda: parts.append(self.stdout.read()), daemon=True)
        reading.start()
        reading.join(timeout)
        if reading.is_alive():
            raise subprocess.TimeoutExpired(self._words, timeout or 0)
        self.wait(timeout)
        self.stdout.close()
        return "".join(parts), None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _order(connection: socket.socket, order: _Order, files: Sequence[int]) -> None:
    """Have the server run it; its answers are the process's id, and in the end its exit code."""
    connection.connect(_server(order.environment))
    written = json.dumps(
        {
            "words": list(order.words),
            "folder": str(order.folder),
            "environment": dict(order.environment),
            "module": order.module,
        }
    )
    socket.send_fds(connection, [written.encode() + b"\n"], files)


def _server(environment: Mapping[str, str]) -> str:
    """The address of the process that forks, which starts with the first command."""
    with _starting:
        if os.getpid() not in _servers:
            folder = tempfile.mkdtemp(prefix="qw-commands-")
            address = f"{folder}/socket"
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.parts.commands", address],
                cwd=ROOT,
                env={name: value for name, value in environment.items() if "QUALWATCH" not in name},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            atexit.register(_end, process, folder)
            if process.stdout is None or process.stdout.readline() != b"ready\n":
                raise RuntimeError("the program cannot be imported: run python -m qualwatch")
            _servers[os.getpid()] = address
        return _servers[os.getpid()]


def _end(process: subprocess.Popen[bytes], folder: str) -> None:
    process.terminate()
    process.wait()
    for file in Path(folder).iterdir():
        file.unlink()
    Path(folder).rmdir()


def _import_the_program() -> None:
    """All of it, and what its functions import of others: no command has to, as if it had run before."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for room in project["tool"]["importlinter"]["root_packages"]:
        for module in pkgutil.walk_packages([str(ROOT / room)], f"{room}."):
            if ".migrations" not in module.name:
                import_module(module.name)
    for library in ("alembic.command", "openpyxl", "docxtpl", "rich.progress", "typer.rich_utils"):
        import_module(library)


def _make_tables() -> None:
    """For nothing: what Alembic and SQLAlchemy keep of it in memory is the same for every database."""
    database, migrations = import_module("storage.database"), import_module("storage.migrate")
    with tempfile.TemporaryDirectory(prefix="qw-first-") as folder:
        engine = database.open_database(f"sqlite:///{folder}/first.sqlite3")
        migrations.upgrade(engine)
        engine.dispose()


def _serve(address: str) -> None:
    """Fork for each command until the tests end."""
    sys.path.insert(0, str(ROOT))
    _import_the_program()
    _make_tables()
    gc.collect()
    gc.freeze()  # what was imported is never looked through again
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen(32)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        os.write(1, b"ready\n")
        # Whatever becomes of the tests, their end closes the standard input.
        while sys.stdin not in select.select([server, sys.stdin], [], [])[0]:
            connection, _ = server.accept()
            if os.fork() == 0:
                server.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _follow(connection)
                return
            connection.close()


def _follow(connection: socket.socket) -> None:
    """Run what is asked for in a process, and tell how that ended."""
    text, files, _, _ = socket.recv_fds(connection, 1 << 20, 3)
    while not text.endswith(b"\n"):
        text += connection.recv(1 << 20)
    process = os.fork()
    if process == 0:
        connection.close()
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        _become(json.loads(text))
        return
    connection.sendall(f"{process}\n".encode())
    _, status = os.waitpid(process, 0)
    connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(order: Mapping[str, object]) -> None:
    os.chdir(str(order["folder"]))
    os.environ.clear()
    os.environ.update(order["environment"])  # type: ignore[call-overload]  # as it was sent
    time.tzset()
    sys.argv = [str(order["module"]), *order["words"]]  # type: ignore[misc]  # as it was sent
    code: object = None
    try:
        runpy.run_module(str(order["module"]), run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code
    _leave(code)


def _leave(code: object) -> None:
    """End as the interpreter does, but for taking every module apart: which took two thirds of a command."""
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)  # noqa: T201 - what sys.exit was told to say
    threading._shutdown()  # type: ignore[attr-defined]  # as multiprocessing ends a process
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # nobody reads: what then happens is up to the interpreter
        sys.exit(code)  # type: ignore[arg-type]  # as it was given
    os._exit(code & 0xFF if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    _serve(sys.argv[1])
