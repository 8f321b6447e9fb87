"""The systemd unit: what systemd says of it, and that it fits the program it starts."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib

import pytest

from ingest import cli
from tests.commands import newstap
from tests.conftest import CHECKOUT

UNIT = CHECKOUT / "docs" / "newstap.service"
ANALYZE = shutil.which("systemd-analyze")


@pytest.fixture
def unit() -> dict[str, str]:
    """Return the settings by name; each stands there once, but for one that is a list."""
    pairs = re.findall(r"(?m)^(\w+)=(.*)$", UNIT.read_text("utf-8"))
    names = [name for name, _ in pairs if name != "SystemCallFilter"]
    assert len(names) == len(set(names))
    return dict(pairs)


@pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze here")
def test_systemd_finds_nothing_wrong(tmp_path):
    """With a program that exists here in the place of ours; unknown settings and values are reported."""
    copy = tmp_path / "newstap.service"
    copy.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={shutil.which('true')}", UNIT.read_text("utf-8")))

    done = subprocess.run([ANALYZE or "", "verify", copy], capture_output=True, text=True, check=False, timeout=50)

    assert [line for line in done.stderr.splitlines() if "newstap.service" in line] == []


def test_it_starts_the_service_with_options_that_exist(unit):
    program, command, *rest = unit["ExecStart"].split()
    options = {word for word in rest if word.startswith("-")}
    known = set(re.findall(r"--[\w-]+", newstap("run", "--help").stdout))  # every command takes --config

    assert (program.rpartition("/")[2], command) == ("newstap", "run")
    assert options == {"--config"} <= known


def test_it_waits_for_what_the_service_tells_it(unit):
    assert (unit["Type"], unit["NotifyAccess"]) == ("notify", "main")
    assert int(unit["WatchdogSec"]) > 0
    assert unit["ExecReload"] == "/bin/kill -HUP $MAINPID"


def test_it_waits_longer_than_a_drain_takes(unit):
    assert int(unit["TimeoutStopSec"]) > cli.DRAIN_SECONDS
    assert unit["KillMode"] == "mixed"


def test_it_restarts_what_failed_but_not_a_mistake_in_the_configuration(unit, tmp_path):
    wrong = tmp_path / "news.toml"
    wrong.write_text("[nothing]\n")

    assert unit["Restart"] == "on-failure"
    assert unit["RestartPreventExitStatus"] == str(newstap("check", "--config", wrong).returncode)


def test_the_sample_configuration_writes_where_the_unit_lets_it(unit):
    (sample,) = re.findall(r"```toml\n(.*?)```", (CHECKOUT / "docs/configuration.md").read_text("utf-8"), re.DOTALL)
    config = tomllib.loads(sample)
    paths = [config["state"]["path"], config["sinks"]["files"]["path"], config["archive"]["path"]]

    assert unit["ProtectSystem"] == "strict"
    assert [path for path in paths if not path.startswith(f"/var/lib/{unit['StateDirectory']}/")] == []


@pytest.mark.parametrize("name", ["DynamicUser", "NoNewPrivileges", "PrivateTmp", "ProtectHome", "RestrictNamespaces"])
def test_it_gives_away_what_the_service_does_not_need(unit, name):
    assert unit[name] == "yes"


def test_the_guide_names_the_paths_of_the_unit(unit):
    guide = (CHECKOUT / "docs/operations.md").read_text("utf-8")
    program, _, _, config = unit["ExecStart"].split()

    assert [path for path in (program, config, unit["EnvironmentFile"].lstrip("-")) if path not in guide] == []
