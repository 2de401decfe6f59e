"""The example of Alertmanager, judged by its own tool."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.deploy.asked import DEPLOY

CONFIG = DEPLOY / "alertmanager" / "alertmanager.yml"
pytestmark = pytest.mark.skipif(
    shutil.which("amtool") is None,
    reason="amtool is missing (Debian: apt-get install prometheus-alertmanager)",
)


def amtool(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["amtool", *words], capture_output=True, text=True, timeout=60, check=False)


def test_amtool_accepts_the_example() -> None:
    checked = amtool("check-config", str(CONFIG))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "3 receivers" in checked.stdout


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (("alertname=QualwatchDown", "severity=critical"), "operators-at-once"),
        (("alertname=QualwatchOutboxOld", "severity=warning"), "operators"),
        (("alertname=QualwatchCasesOverdue", "severity=warning", "audience=office"), "heads-of-office"),
    ],
)
def test_alerts_go_to_those_who_can_act(labels: tuple[str, ...], receiver: str) -> None:
    routed = amtool("config", "routes", "test", f"--config.file={CONFIG}", *labels)
    assert routed.stdout.split() == [receiver]


def test_inhibition_names_alerts_that_exist() -> None:
    rules = (DEPLOY / "prometheus" / "qualwatch.rules.yml").read_text(encoding="utf-8")
    for alert in ("QualwatchDown", "QualwatchDatabaseDown", "QualwatchNoSuccess", "QualwatchSourceSilent"):
        assert f"- alert: {alert}\n" in rules
        assert alert in CONFIG.read_text(encoding="utf-8")
