"""docker-compose.yml: valid by the Compose specification, and true to the rest of the project. No Docker needed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from ingest.commandline import parser
from ingest.config import load
from ingest.scaled import kafka_only
from tests.broker.install import IMAGE

ROOT = Path(__file__).resolve().parents[1]
TEXT = ROOT.joinpath("docker-compose.yml").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}

each_of_ours = pytest.mark.parametrize("service", OURS.values(), ids=OURS)


def _filled_in(text: str) -> str:
    """The text as Compose reads it where no variable is set: `${NAME:-default}` and `$$`."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text).replace("$$", "$")


def test_it_is_valid_by_the_compose_specification():
    assert sorted(PyCompose.from_yaml(_filled_in(TEXT)).service_names()) == sorted(SERVICES)


def test_a_mistyped_key_would_be_noticed():
    with pytest.raises(ValueError, match="healthchek"):
        PyCompose.from_yaml(_filled_in(TEXT).replace("healthcheck:", "healthchek:"))


def test_its_broker_is_the_one_the_tests_run_against():
    assert SERVICES["kafka"]["image"] == IMAGE


def test_every_listener_of_the_broker_is_mapped_and_all_but_the_controllers_are_advertised():
    settings = SERVICES["kafka"]["environment"]
    listeners = [listener.partition("://")[0] for listener in settings["KAFKA_LISTENERS"].split(",")]
    advertised = [listener.partition("://")[0] for listener in settings["KAFKA_ADVERTISED_LISTENERS"].split(",")]
    mapped = [pair.partition(":")[0] for pair in settings["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")]

    assert mapped == listeners
    assert [*advertised, settings["KAFKA_CONTROLLER_LISTENER_NAMES"]] == listeners


def test_ports_are_open_to_this_machine_only():
    """The broker has no password: whoever reaches it may write records."""
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_the_brokers_data_outlive_its_container():
    kafka = SERVICES["kafka"]

    assert f"kafka:{kafka['environment']['KAFKA_LOG_DIRS']}" in kafka["volumes"]


def test_every_named_volume_is_declared_and_used():
    mounts = [_filled_in(mount).partition(":")[0] for service in SERVICES.values() for mount in service["volumes"]]

    assert {mount for mount in mounts if not mount.startswith(".")} == set(COMPOSE["volumes"])


@each_of_ours
def test_our_commands_exist(service: dict[str, Any]):
    """The command line takes them as they stand."""
    command = [_filled_in(word) for word in service["command"]]

    assert parser().parse_args(command).command == command[0]


def test_the_halves_of_a_service_share_a_configuration_that_suits_them_all():
    """It is there, without a mistake, for Kafka as the broker's service has it; and any number of workers can start."""
    scaled = {name: service for name, service in OURS.items() if service["profiles"] == ["scaled"]}
    mounts = {_filled_in(service["volumes"][0]).split(":")[0] for service in scaled.values()}
    config = load(ROOT / mounts.pop(), {})

    assert sorted(scaled) == ["export", "fetch", "link", "work"]
    assert not mounts
    assert config.warnings == ()
    assert config.sinks.files is None
    assert kafka_only(config, "work").bootstrap in OURS["replay"]["command"]
    assert config.state.path.is_relative_to(scaled["work"]["volumes"][1].partition(":")[2])
    assert all("container_name" not in service and "ports" not in service for service in scaled.values())


@each_of_ours
def test_our_services_wait_for_a_healthy_broker(service: dict[str, Any]):
    assert service["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    assert SERVICES["kafka"]["healthcheck"]["test"][0] == "CMD"


@each_of_ours
def test_our_services_have_no_privileges(service: dict[str, Any]):
    last = service["build"]["dockerfile_inline"].rpartition("\nFROM ")[2]

    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"]
    assert "no-new-privileges:true" in service["security_opt"]


@each_of_ours
def test_the_image_takes_what_exists_from_the_locks_only(service: dict[str, Any]):
    lines = service["build"]["dockerfile_inline"].replace("\\\n", " ").splitlines()
    copies = [line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--from" not in line]
    installs = [line for line in lines if "pip install" in line]

    assert [source for sources in copies for source in sources if not ROOT.joinpath(source).exists()] == []
    assert all("--require-hashes" in line or "--no-deps --no-build-isolation" in line for line in installs)
    assert len(installs) == 2


@each_of_ours
def test_the_image_has_a_python_the_project_supports(service: dict[str, Any]):
    floor = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    versions = re.findall(r"^FROM python:3\.(\d+)-slim", service["build"]["dockerfile_inline"], re.MULTILINE)

    assert versions
    assert {f">=3.{min(int(version), 11)}" for version in versions} == {floor}
