"""A real Prometheus on a port of its own, scraping one target every half second."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.deploy.asked import DEPLOY


class Prometheus:
    """Its HTTP interface."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}"

    def query(self, expr: str) -> list[dict[str, Any]]:
        """The instant vector of ``expr``; an expression that cannot be evaluated raises ``HTTPError``."""
        answer = self._get(f"/api/v1/query?{urllib.parse.urlencode({'query': expr})}")
        result = answer["data"]["result"]
        assert isinstance(result, list)
        return result

    def alerts(self) -> set[str]:
        """Names of the alerts that fire."""
        found = self._get("/api/v1/alerts")["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in found if alert["state"] == "firing"}

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._address}/-/ready", timeout=2) as answer:  # noqa: S310 - ours
                return bool(answer.status == 200)
        except OSError:
            return False

    def _get(self, path: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self._address}{path}", timeout=5) as answer:  # noqa: S310 - ours
            body = json.load(answer)
        assert body["status"] == "success"
        return dict(body)


@contextmanager
def run_prometheus(folder: Path, target_port: int, alertmanager_port: int) -> Iterator[Prometheus]:
    """Scrapes ``target_port`` of this machine with the shipped configuration, and impatient rules."""
    shipped = (DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    (folder / "prometheus.yml").write_text(
        shipped.replace(": 30s", ": 500ms")
        .replace("127.0.0.1:9464", f"127.0.0.1:{target_port}")
        .replace("127.0.0.1:9093", f"127.0.0.1:{alertmanager_port}")
    )
    rules = (DEPLOY / "prometheus" / "qualwatch.rules.yml").read_text(encoding="utf-8")
    (folder / "qualwatch.rules.yml").write_text(re.sub(r"for: \d+[mh]", "for: 1s", rules), encoding="utf-8")
    port = free_port()
    with _running(
        folder / "prometheus.log",
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ):
        prometheus = Prometheus(port)
        wait_until(prometheus.is_ready, "Prometheus is ready")
        yield prometheus


@contextmanager
def run_alertmanager(folder: Path, mail_port: int) -> Iterator[int]:
    """The shipped example, impatient and without a login at the mail server; its port."""
    shipped = (DEPLOY / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    shipped = re.sub(r"^  smtp_auth_.*\n", "", shipped, flags=re.MULTILINE)
    shipped = re.sub(r"(group_wait|group_interval): \w+", r"\1: 1s", shipped)
    (folder / "alertmanager.yml").write_text(
        shipped.replace("smtp_require_tls: true", "smtp_require_tls: false").replace(
            "mail.example.com:587", f"127.0.0.1:{mail_port}"
        )
    )
    port = free_port()
    with _running(
        folder / "alertmanager.log",
        "prometheus-alertmanager",
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ):
        yield port


@contextmanager
def _running(log: Path, *command: str) -> Iterator[None]:
    with log.open("wb") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
        try:
            yield
        finally:
            process.terminate()


def wait_until(what: Callable[[], object], why: str, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, f"it never came to that: {why}"
        time.sleep(0.1)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
