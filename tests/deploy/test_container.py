"""The container: its files by their own checkers, and what they say of each other and of the program.

``make container-check`` runs the steps themselves, in minutes; here is what needs seconds.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.container.try_steps import Build, Stage, instructions
from settings.load import load_settings
from tests.deploy.asked import DEPLOY, FILES

ROOT = DEPLOY.parent
CONTAINER = DEPLOY / "container"
COMPOSE: dict[str, Any] = yaml.safe_load((CONTAINER / "compose.yaml").read_text(encoding="utf-8"))
STEPS = list(instructions((CONTAINER / "Containerfile").read_text(encoding="utf-8")))
OURS = [name for name, service in COMPOSE["services"].items() if service["image"] == "qualwatch"]


def by_schema(file: Path) -> subprocess.CompletedProcess[str]:
    schema = ("check-jsonschema", "--builtin-schema", "vendor.compose-spec")
    program = str(Path(sys.executable).with_name(schema[0]))
    return subprocess.run([program, *schema[1:], str(file)], capture_output=True, text=True, check=False)


def mounts(service: str) -> dict[str, Path]:
    """Where a service finds files of this repository."""
    found = {}
    for volume in COMPOSE["services"][service].get("volumes", ()):
        source, target, *_ = volume.split(":")
        if source.startswith("."):
            found[target] = (CONTAINER / source).resolve()
    return found


def as_mounted(service: str, folder: Path) -> Path:
    """A folder in which the files of a service lie as in its container."""
    for target, source in mounts(service).items():
        to = folder / target.lstrip("/")
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, to)
    return folder


def variables(service: str) -> dict[str, str]:
    """What the program is told by the image and by the compose file, as without an ``.env``."""
    told = dict(word.split("=", 1) for name, text in STEPS if name == "ENV" for word in text.split())
    told |= COMPOSE["services"][service]["environment"]
    shown = {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value)) for name, value in told.items()}
    return {name: value for name, value in shown.items() if name.startswith("QUALWATCH_")}


def make_secrets(folder: Path) -> Path:
    """The secrets, by the lines that the README tells the operator to type."""
    block = re.search(r"```sh\n(.*?)```", (CONTAINER / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    subprocess.run(["sh", "-euc", block[1]], cwd=folder, check=True, timeout=60)
    return folder / "secrets"


def test_the_compose_file_keeps_to_the_specification() -> None:
    checked = by_schema(CONTAINER / "compose.yaml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_checker_would_notice_a_misspelt_key(tmp_path: Path) -> None:
    file = tmp_path / "compose.yaml"
    text = (CONTAINER / "compose.yaml").read_text(encoding="utf-8")
    file.write_text(text.replace("read_only:", "readonly:"), encoding="utf-8")
    checked = by_schema(file)
    assert checked.returncode == 1
    assert "readonly" in checked.stdout


@pytest.mark.parametrize("service", COMPOSE["services"])
def test_every_service_is_shut_in_and_reached_from_this_machine_alone(service: str) -> None:
    said = COMPOSE["services"][service]
    assert "no-new-privileges:true" in said["security_opt"]
    assert all(port.startswith("127.0.0.1:") for port in said.get("ports", ()))
    assert not said.get("privileged")
    if service != "postgresql":  # its image changes owner and user at its start
        assert said["read_only"] is True
        assert said["cap_drop"] == ["ALL"]


def test_images_are_named_with_a_version_and_nothing_else_is_fetched() -> None:
    for service in COMPOSE["services"].values():
        assert service["image"] == "qualwatch" or re.search(r":v?\d+[\w.-]*$", service["image"])
    for file in ("compose.yaml", "Containerfile"):
        text = (CONTAINER / file).read_text(encoding="utf-8")
        addresses = re.findall(r"https?://([^/:\s\"']+)", text)
        assert set(addresses) <= {"127.0.0.1"}, file


@pytest.mark.parametrize("service", COMPOSE["services"])
def test_files_that_are_mounted_are_there(service: str) -> None:
    assert [target for target, source in mounts(service).items() if not source.is_file()] == []


def test_the_lines_of_the_readme_make_every_secret(tmp_path: Path) -> None:
    made = make_secrets(tmp_path)
    assert {f"secrets/{file.name}" for file in made.iterdir()} == {
        secret["file"] for secret in COMPOSE["secrets"].values()
    }
    assert made.stat().st_mode & 0o777 == 0o700
    password = (made / "postgresql").read_text()
    assert re.fullmatch(r"[A-Za-z0-9]{24,32}", password)
    assert f":{password}@postgresql/" in (made / "database").read_text()


@pytest.mark.parametrize("service", OURS)
def test_the_program_knows_every_variable_and_reads_the_secrets(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_secrets(tmp_path)
    (made / "smtp").write_text("of the mail server\n")
    monkeypatch.chdir(tmp_path)
    for name, value in variables(service).items():
        monkeypatch.setenv(name, value.replace("/run/secrets/", f"{made}/"))
    settings = load_settings()
    assert settings.storage.database == (made / "database").read_text()
    assert settings.mail.smtp.password.get_secret_value() == "of the mail server"
    assert (settings.metrics.host, settings.metrics.port) == ("0.0.0.0", 9464)  # noqa: S104 - in the container
    assert set(COMPOSE["services"][service]["secrets"]) == {"database", "smtp"}
    assert settings.workers == ("procrastinate" if service == "worker" else "local")


def test_the_image_runs_as_nobody_in_particular_and_asks_for_its_health() -> None:
    last = dict(STEPS[max(place for place, (name, _) in enumerate(STEPS) if name == "FROM") :])
    user, group = map(int, last["USER"].split(":"))
    assert min(user, group) >= 1000
    asked = json.loads(last["HEALTHCHECK"].partition("CMD ")[2])
    assert "/healthz" in asked[-1]
    assert COMPOSE["services"]["qualwatch"]["healthcheck"]["test"] == ["CMD", *asked]
    assert last["VOLUME"] == last["WORKDIR"] == "/var/lib/qualwatch"
    for service in OURS:
        assert f"kept:{last['VOLUME']}" in COMPOSE["services"][service]["volumes"]


def test_the_container_installs_what_everybody_else_does() -> None:
    pinned = {file: _pinned(file) for file in (ROOT / "requirements.lock", CONTAINER / "requirements.lock")}
    ours, image = pinned.values()
    assert image.items() <= ours.items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [project["optional-dependencies"][extra] for extra in ("ocr", "postgresql", "workers")]
    asked = [re.split(r"[\[<>=]", each)[0] for each in sum(extras, project["dependencies"])]
    assert {"hatchling", *asked} <= image.keys(), "run make lock"
    assert not {"pytest", "mypy", "scrapy"} & image.keys()


def _pinned(file: Path) -> dict[str, str]:
    return dict(re.findall(r"(?m)^([a-z0-9._-]+)==([^\s;]+)", file.read_text(encoding="utf-8")))


def test_steps_that_copy_put_files_where_a_container_engine_does(tmp_path: Path) -> None:
    build, stage = Build(tmp_path, "bookworm", [], []), Stage(tmp_path / "root", workdir="/opt/qualwatch")
    copies = [arguments for name, arguments in STEPS if name == "COPY" and "--from" not in arguments]
    copied = stage.root / "opt" / "qualwatch"
    build.step(stage, "COPY", copies[0])
    assert [file.name for file in copied.iterdir()] == ["requirements.lock"]
    assert (copied / "requirements.lock").read_bytes() == (CONTAINER / "requirements.lock").read_bytes()
    build.step(stage, "COPY", copies[1])
    assert (copied / "qualwatch" / "__init__.py").is_file()
    assert not (copied / "tests").exists()


@pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is missing (Debian: apt-get install prometheus)"
)
def test_prometheus_accepts_its_files_where_they_are_mounted(tmp_path: Path) -> None:
    file = as_mounted("prometheus", tmp_path) / "etc/prometheus/prometheus.yml"
    checked = subprocess.run(
        ["promtool", "check", "config", str(file)], capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    asked = yaml.safe_load(file.read_text(encoding="utf-8"))
    targets = [
        target
        for job in asked["scrape_configs"]
        for each in job["static_configs"]
        for target in each["targets"]
    ]
    pagers = asked["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    assert {target.partition(":")[0] for target in targets + pagers} <= COMPOSE["services"].keys()


def test_alertmanager_finds_its_password_where_the_secret_is_mounted(tmp_path: Path) -> None:
    file = as_mounted("alertmanager", tmp_path) / "etc/prometheus/alertmanager.yml"
    asked = yaml.safe_load(file.read_text(encoding="utf-8"))
    secret = COMPOSE["services"]["alertmanager"]["secrets"][0]
    assert asked["global"]["smtp_auth_password_file"] == secret["target"]


def test_grafana_is_given_prometheus_and_every_dashboard(tmp_path: Path) -> None:
    folder = as_mounted("grafana", tmp_path)
    provisioned = folder / "etc/grafana/provisioning"
    source = yaml.safe_load((provisioned / "datasources/qualwatch.yml").read_text(encoding="utf-8"))
    assert source["datasources"][0]["url"] == "http://prometheus:9090"
    provider = yaml.safe_load((provisioned / "dashboards/qualwatch.yml").read_text(encoding="utf-8"))
    boards = folder / provider["providers"][0]["options"]["path"].lstrip("/")
    assert {file.name for file in boards.iterdir()} == set(FILES)
