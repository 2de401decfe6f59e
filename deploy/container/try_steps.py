"""Runs the steps of the Containerfile in debootstrapped Debians, where no image can be pulled.

    apt-get install debootstrap
    python3 deploy/container/try_steps.py DIRECTORY [--suite trixie] [--bind FROM:TO] [--env NAME=VALUE]

As root. Each stage becomes a folder of DIRECTORY; what is built is started with a read-only root, a network
of its own and the image's user, until its health check passes, and is ended as a container engine ends it.
``--bind`` and ``--env`` hand files and variables to the steps, for a mirror of packages and its certificate.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = Path(__file__).with_name("Containerfile")
_HEALTHY_WITHIN = 180
# What needs more of the image than Python.
_EXTRAS = "import cv2, libarchive, onnxruntime, procrastinate, psycopg, rapidocr"


@dataclass(slots=True)
class Stage:
    """A stage of the build as far as it is run."""

    root: Path
    workdir: str = "/"
    user: str = "0:0"
    environment: dict[str, str] = field(default_factory=dict)
    volumes: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Instructions with their arguments, comments left out and continued lines joined."""
    joined = ""
    for line in text.splitlines():
        if line.lstrip().startswith("#") or not (joined or line.strip()):
            continue
        joined += line
        if joined.endswith("\\"):
            joined = joined[:-1]
            continue
        name, _, arguments = joined.strip().partition(" ")
        yield name.upper(), arguments.strip()
        joined = ""


class Build:
    """Runs the steps; ``bound`` folders and ``passed`` variables are handed to them."""

    def __init__(self, directory: Path, suite: str, bound: list[str], passed: list[str]) -> None:
        self._directory = directory
        self._suite = suite
        self._bound = [tuple(each.split(":", 1)) for each in ["/etc/resolv.conf:/etc/resolv.conf", *bound]]
        self._passed = dict(each.split("=", 1) for each in passed)
        self._stages: dict[str, Stage] = {}

    def run(self) -> Stage:
        """All steps; the last stage."""
        stage: Stage | None = None
        for name, arguments in instructions(FILE.read_text()):
            print(f"→ {name} {arguments[:110]}", flush=True)
            if name == "FROM":
                stage = self._begin(arguments)
            elif stage is not None:
                self.step(stage, name, arguments)
        if stage is None:
            raise SystemExit(f"{FILE} has no FROM")
        return stage

    def _begin(self, arguments: str) -> Stage:
        base = self._directory / f"base-{self._suite}"
        if not base.exists():
            draft = base.with_suffix(".new")
            shutil.rmtree(draft, ignore_errors=True)
            subprocess.run(["debootstrap", "--variant=minbase", self._suite, draft], check=True)
            draft.rename(base)
        name = arguments.partition(" AS ")[2].strip() or "last"
        root = self._directory / f"stage-{name}"
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run(["cp", "-a", base, root], check=True)
        self._stages[name] = Stage(root)
        return self._stages[name]

    def step(self, stage: Stage, name: str, arguments: str) -> None:
        """Do one instruction in ``stage``; ``SystemExit`` where this program does not know it."""
        match name:
            case "RUN":
                self._inside(stage, ["/bin/sh", "-c", f"cd {shlex.quote(stage.workdir)} && {arguments}"])
            case "COPY":
                self._copy(stage, shlex.split(arguments))
            case "ENV":
                stage.environment |= dict(word.split("=", 1) for word in shlex.split(arguments))
            case "WORKDIR":
                stage.workdir = arguments
                (stage.root / arguments.lstrip("/")).mkdir(parents=True, exist_ok=True)
            case "USER":
                stage.user = arguments
            case "VOLUME":
                stage.volumes.append(arguments)
            case "ENTRYPOINT":
                stage.entrypoint = json.loads(arguments)
            case "CMD":
                stage.command = json.loads(arguments)
            case "HEALTHCHECK":
                stage.health = json.loads(arguments.partition("CMD ")[2])
            case "EXPOSE" | "STOPSIGNAL":
                pass
            case _:
                raise SystemExit(f"{name} is not known here: teach it to {Path(__file__).name}")

    def _inside(self, stage: Stage, command: list[str]) -> None:
        """Run ``command`` in the stage, with what a container engine mounts."""
        root = shlex.quote(str(stage.root))
        mounts = [f"mount -t proc proc {root}/proc", f"mount --rbind /dev {root}/dev"]
        for path, to in self._bound:
            inside = f"{root}{shlex.quote(to)}"
            make = (
                f"mkdir -p {inside}"
                if Path(path).is_dir()
                else f"mkdir -p $(dirname {inside}) && touch {inside}"
            )
            mounts += [make, f"mount --bind {shlex.quote(path)} {inside}"]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
        words = ["chroot", str(stage.root), *_env(environment | stage.environment | self._passed), *command]
        script = " && ".join([*mounts, shlex.join(words)])
        subprocess.run(["unshare", "--mount", "sh", "-c", script], check=True)

    def _copy(self, stage: Stage, words: list[str]) -> None:
        source = self._directory
        if words[0].startswith("--from="):
            source = self._stages[words.pop(0).partition("=")[2]].root
        *names, target = words
        to = stage.root / (Path(stage.workdir) / target).as_posix().lstrip("/")
        for name in names:
            if source != self._directory:
                to.parent.mkdir(parents=True, exist_ok=True)
                subprocess.run(["cp", "-a", source / name.lstrip("/"), to], check=True)
                continue
            # A folder's files keep their places below it; a single file stands in the folder that is named.
            above = Path(name) if (ROOT / name).is_dir() else Path(name).parent
            for file in _tracked(name):
                inside = to / Path(file).relative_to(above)
                inside.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / file, inside)


def _tracked(name: str) -> list[str]:
    """The repository's files at ``name``, as they are now, without what ``.dockerignore`` leaves out."""
    left_out = [f":(exclude,glob){line}" for line in (ROOT / ".dockerignore").read_text().split()]
    listing = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    command = [*listing, "--", ".", *left_out]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    return [file for file in listed if (ROOT / file).is_file() and Path(file).is_relative_to(name)]


def _env(environment: dict[str, str]) -> list[str]:
    return ["env", "-i", *(f"{name}={value}" for name, value in environment.items())]


def start(stage: Stage, directory: Path) -> int:
    """Run what was built as its image says, with a read-only root, until it is healthy; its exit code."""
    volume = directory / "volume"
    shutil.rmtree(volume, ignore_errors=True)
    volume.mkdir()
    uid, gid = map(int, stage.user.split(":"))
    os.chown(volume, uid, gid)
    root = shlex.quote(str(stage.root))
    inside = ["chroot", f"--userspec={stage.user}", str(stage.root), *_env(stage.environment)]
    run, asked = (
        shlex.join([*inside, "sh", "-c", f"cd {shlex.quote(stage.workdir)} && exec {shlex.join(words)}"])
        for words in (stage.entrypoint + stage.command, stage.health)
    )
    extras = shlex.join([*inside, "python3", "-c", _EXTRAS])
    forbidden = shlex.join([*inside, "sh", "-c", "touch /opt/qualwatch/x 2>/dev/null"])
    script = f"""
        set -e
        mount --bind {root} {root}
        mount -t proc proc {root}/proc
        mount --rbind /dev {root}/dev
        mount --bind {shlex.quote(str(volume))} {root}{stage.volumes[0]}
        mount -t tmpfs tmpfs {root}/tmp
        mount -o remount,bind,ro {root}
        ip link set lo up
        if {forbidden}; then echo 'the root can be written'; exit 99; fi
        {extras}
        {run} & program=$!
        tries=0
        until {asked} 2>/dev/null; do
            tries=$((tries + 1))
            if [ $tries -gt {_HEALTHY_WITHIN} ] || ! kill -0 $program; then echo 'never healthy'; exit 98; fi
            sleep 1
        done
        echo "healthy after $tries s"
        sleep 15  # health is told from the start on; the end is asked of a program that has begun
        {asked}
        kill -TERM $program
        wait $program
    """
    ended = subprocess.run(["unshare", "--mount", "--net", "bash", "-c", script], check=False)
    print(f"ended with {ended.returncode}; in the volume: {sorted(file.name for file in volume.iterdir())}")
    return ended.returncode


def main() -> int:
    """Build and start; 0 where all went well."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--suite", default="bookworm", help="bookworm (Debian 12) or trixie (Debian 13)")
    parser.add_argument("--bind", action="append", default=[], metavar="FROM:TO")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args()
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        print("this needs root and debootstrap (apt-get install debootstrap)", file=sys.stderr)
        return 2
    given.directory.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    stage = Build(given.directory.resolve(), given.suite, given.bind, given.env).run()
    print(f"built after {time.monotonic() - begun:.0f} s")
    return start(stage, given.directory.resolve())


if __name__ == "__main__":
    raise SystemExit(main())
