"""Who asks for metrics and health need not wait for the answer."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Sequence

from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from alerts.metrics.server import serve_metrics


def test_who_hangs_up_before_the_answer_is_no_failure_of_ours() -> None:
    asked, gone = threading.Event(), threading.Event()

    def health() -> Sequence[str]:
        asked.set()
        gone.wait(10)
        return ()

    with capture_logs() as logs, serve_metrics(CollectorRegistry(), "127.0.0.1", 0, health) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as asker:
            asker.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            asker.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            assert asked.wait(10)
        gone.set()
        until = time.monotonic() + 20
        while not logs and time.monotonic() < until:
            time.sleep(0.01)
    assert [(line["event"], line["log_level"]) for line in logs] == [("metrics_asker_gone", "debug")]
