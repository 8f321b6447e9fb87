"""The broker harness itself: nothing is left behind, whatever ends the run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.broker import GivenBroker, connect, process
from tests.broker.process import answers, free_port

if TYPE_CHECKING:
    from tests.broker import OwnBroker

pytestmark = pytest.mark.kafka
ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-m", "tests.broker"]


def test_the_controls_of_fault_tests(fault_broker: OwnBroker) -> None:
    """Killed, it comes back on its port; paused, it takes connections and is silent; stopped, it leaves nothing."""
    fault_broker.kill()
    assert not answers(fault_broker.port)
    fault_broker.start()
    assert answers(fault_broker.port)

    fault_broker.pause()
    assert not answers(fault_broker.port)
    fault_broker.resume()
    assert answers(fault_broker.port)

    pid = fault_broker.pid
    fault_broker.stop()

    assert not answers(fault_broker.port)
    assert not process._alive(pid)
    assert not (fault_broker.folder / "data").exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_broker_ends_with_its_command(how: signal.Signals) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "NEWSTAP_KAFKA_BOOTSTRAP"}
    serving = subprocess.Popen(
        [*COMMAND, "serve"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with serving:
        assert serving.stdout is not None
        port = int(serving.stdout.readline().partition(":")[2])
        assert answers(port)
        serving.send_signal(how)

    deadline = time.monotonic() + 60
    while answers(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not answers(port)


def test_processes_with_the_same_seed_choose_different_ports() -> None:
    chosen = set()
    for _ in range(4):
        random.seed(1)
        chosen.add(free_port())

    assert len(chosen) > 1


def test_a_given_broker_is_used_and_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSTAP_KAFKA_BOOTSTRAP", "127.0.0.1:1")

    assert connect() == GivenBroker("127.0.0.1:1")


def test_run_passes_the_address_and_returns_the_exit_code() -> None:
    command = [sys.executable, "-c", "import os, sys; print(os.environ['NEWSTAP_KAFKA_BOOTSTRAP']); sys.exit(7)"]
    environment = {**os.environ, "NEWSTAP_KAFKA_BOOTSTRAP": "127.0.0.1:1"}
    done = subprocess.run(
        [*COMMAND, "run", "--", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.returncode) == ("127.0.0.1:1\n", 7)


def test_without_java_docker_and_root_there_is_one_line_of_advice(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "NEWSTAP_KAFKA_HOME": str(tmp_path)}
    done = subprocess.run(
        [*COMMAND, "run", "--", "true"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert done.stderr.startswith("no broker for the tests: install Java 17 or later and Maven")
    assert len(done.stderr.splitlines()) == 1


def test_free_ports_lie_below_those_of_outgoing_connections() -> None:
    assert 20_000 <= free_port() < 32_000
