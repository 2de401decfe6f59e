"""``eval.chaos.shared`` on NFS, as the Linux kernel serves and mounts it, whatever this machine's kernel can.

    apt-get install user-mode-linux nfs-kernel-server iproute2 kmod e2fsprogs
    python -m eval.chaos.nfs [--minutes 60] [words for eval.chaos.shared]

As root. A user-mode Linux is started as a program, with this machine's files as its root (read-only), a disk
of its own, and in it a server of NFS 4.2 and two clients that share nothing but it (``nfs.sh``).
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from eval.chaos.installation import ROOT

KERNEL = "linux.uml"
NEEDED = (KERNEL, "rpc.nfsd", "ip", "modprobe", "mkfs.ext4")
_DISK = "700M"
_SHARED = "/mnt/here /mnt/there --away 'rpc.nfsd 0' --back 'rpc.nfsd -N 3 4'"


def main(words: list[str] | None = None) -> int:
    """What was run there said; its exit code, or 3 where it could not be run."""
    parser = argparse.ArgumentParser(prog="python -m eval.chaos.nfs", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    asked, more = parser.parse_known_args(words)
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        print(f"not measured: this needs root and {', '.join(missing or NEEDED)} (see --help)")
        return 3
    with tempfile.TemporaryDirectory(prefix="qw-chaos-") as folder:
        return _boot(Path(folder), shlex.join(more), asked.minutes)


def _boot(folder: Path, more: str, minutes: float) -> int:
    disk, out = folder / "disk", folder / "out"
    subprocess.run(["truncate", "--size", _DISK, disk], check=True)
    subprocess.run(["mkfs.ext4", "-q", "-F", disk], check=True)
    out.mkdir()
    python = f"PYTHONPATH={shlex.quote(str(ROOT))} PYTHONDONTWRITEBYTECODE=1 {shlex.quote(sys.executable)}"
    (out / "command").write_text(f"{python} -m eval.chaos.shared {_SHARED} {more}\n")
    command = [KERNEL, "mem=2500M", "rootfstype=hostfs", "rootflags=/", "ro", f"ubd0={disk}"]
    command += [f"init={Path(__file__).with_name('nfs.sh')}", f"OUT={out}", f"uml_dir={folder}", "con=null"]
    try:
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=(folder / "console").open("wb"),
            stderr=subprocess.STDOUT,
            timeout=minutes * 60,
            check=False,
        )
    except subprocess.TimeoutExpired:
        print(f"not measured: it had not ended after {minutes:g} minutes")
    for said in (out / "log", folder / "console"):
        if said.exists() and (said.parent == out or not (out / "code").exists()):
            print(said.read_text(errors="replace"))
    code = out / "code"
    return int(code.read_text()) if code.exists() else 3


if __name__ == "__main__":
    sys.exit(main())
