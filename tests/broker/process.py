"""A broker as a process of ours: started, killed, started again on the same data and port, paused, never left behind.

Between us and the broker stands a guard, a small Python process that waits on a pipe from us. When the pipe closes,
because we closed it or died by whatever signal, it kills the broker's process group and removes what is left.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tests.broker.install import HERE, IMAGE, KAFKA_VERSION, home

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CLUSTER = "bmV3c3RhcC10ZXN0LTAwMQ"
"""Sixteen bytes in base64, as Kafka wants a cluster id."""

# argv: a descriptor to tell the broker's pid on, the clean-up command as one word of lines, the broker's command.
# "keep" on stdin before its end means: kill only. Signals of the terminal are ignored: the tests decide when it ends.
GUARD = """
import os, signal, subprocess, sys
for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(ignored, signal.SIG_IGN)
broker = subprocess.Popen(sys.argv[3:], stdin=subprocess.DEVNULL, start_new_session=True)
os.write(int(sys.argv[1]), b"%d\\n" % broker.pid)
keep = sys.stdin.read().strip() == "keep"
try:
    os.killpg(broker.pid, signal.SIGKILL)
except ProcessLookupError:
    pass
broker.wait()
if not keep:
    subprocess.run(sys.argv[2].split("\\n"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
"""


class Broker(Protocol):
    """A broker that tests may write to."""

    @property
    def bootstrap(self) -> str:
        """Its `host:port`."""
        ...

    def stop(self) -> None:
        """End it and remove its data; a broker that was given to us is left alone."""
        ...


class OwnBroker:
    """A broker we started. The controls are those of fault tests; a user's broker has none of them.

    Subclasses say how it is started and what must be removed.
    """

    def __init__(self, port: int, folder: Path, protocols: Sequence[str] = ()) -> None:
        self.port = port
        self.bootstrap = f"127.0.0.1:{port}"
        self.ports = {protocol: free_port() for protocol in protocols}
        """Of the listeners beside the plain one, by protocol."""
        self.folder = folder
        self.pid = 0
        self._guard: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        """Return the command that runs the broker in the foreground."""
        raise NotImplementedError

    def clean_up(self) -> Sequence[str]:
        """Return the command that removes what the process leaves behind."""
        raise NotImplementedError

    def start(self, timeout: float = 90.0) -> None:
        """Start it, also again after `kill` on the same data and port; return when it answers."""
        guard = [sys.executable, "-I", "-S", "-c", GUARD]
        reader, writer = os.pipe()
        log = (self.folder / "server.log").open("ab")
        with log, os.fdopen(reader, "rb") as pids:
            try:
                self._guard = subprocess.Popen(
                    [*guard, str(writer), "\n".join(self.clean_up()), *self.command()],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    pass_fds=(writer,),
                )
            finally:
                os.close(writer)
            self.pid = int(pids.readline() or 0)
        self._wait(time.monotonic() + timeout)

    def kill(self) -> None:
        """End it as a crash does (SIGKILL); the data stay for `start`."""
        self._end(b"keep\n")

    def pause(self) -> None:
        """Stop the process where it stands (SIGSTOP): its port takes connections, nothing answers."""
        os.killpg(self.pid, signal.SIGSTOP)
        deadline = time.monotonic() + 20
        while not _stands(self.pid) and time.monotonic() < deadline:  # a busy machine stops thread after thread
            time.sleep(0.01)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        os.killpg(self.pid, signal.SIGCONT)

    def stop(self) -> None:
        """End it and remove its data; its log stays in the folder."""
        self._end(b"")

    def _end(self, word: bytes) -> None:
        if self._guard is not None:
            self._guard.communicate(word)
            self._guard = None

    def _wait(self, deadline: float) -> None:
        while not answers(self.port):
            ended = self._guard is None or self._guard.poll() is not None or not _alive(self.pid)
            if ended or time.monotonic() > deadline:
                self._end(b"keep\n")
                tail = (self.folder / "server.log").read_text(errors="replace").splitlines()[-5:]
                raise RuntimeError(f"the broker did not start, see {self.folder}/server.log: {' | '.join(tail)}")
            time.sleep(0.05)


class JavaBroker(OwnBroker):
    """Kafka's jars run by Java."""

    def __init__(self, java: str, libs: Path, properties: Mapping[str, str], protocols: Sequence[str]) -> None:
        super().__init__(free_port(), _folder(), protocols)
        self._java = [java, "-Xmx512m", "-XX:+UseSerialGC", "-Xshare:auto", "-cp", f"{libs}/*"]
        self._java.insert(1, f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}")
        shutil.copytree(_formatted(self._java), self.folder / "data")
        mine = settings(self.port, free_port(), self.ports) | {"log.dirs": str(self.folder / "data")}
        _write(self.folder / "server.properties", {**mine, **properties})

    def command(self) -> Sequence[str]:
        return [*self._java, "kafka.Kafka", str(self.folder / "server.properties")]

    def clean_up(self) -> Sequence[str]:
        return ["rm", "-rf", str(self.folder / "data")]


class DockerBroker(OwnBroker):
    """The image of the Apache project, its port published on loopback."""

    def __init__(self, docker: str, properties: Mapping[str, str], protocols: Sequence[str]) -> None:
        super().__init__(free_port(), _folder(), protocols)
        self._docker = docker
        self.container = f"newstap-kafka-{self.port}"
        inside = settings(self.port, 9093, self.ports)
        inside["listeners"] = inside["listeners"].replace("127.0.0.1", "")
        given = [f"--env={_variable(key)}={value}" for key, value in {**inside, **properties}.items()]
        published = [f"--publish=127.0.0.1:{port}:{port}" for port in (self.port, *self.ports.values())]
        create = [docker, "create", "--name", self.container, *published, f"--env=CLUSTER_ID={CLUSTER}"]
        subprocess.run([*create, *given, IMAGE], check=True, stdout=subprocess.DEVNULL)

    def command(self) -> Sequence[str]:
        return [self._docker, "start", "--attach", self.container]

    def clean_up(self) -> Sequence[str]:
        return [self._docker, "rm", "--force", "--volumes", self.container]

    def kill(self) -> None:
        self._control("kill")
        super().kill()

    def pause(self) -> None:
        self._control("pause")

    def resume(self) -> None:
        self._control("unpause")

    def _control(self, verb: str) -> None:
        subprocess.run([self._docker, verb, self.container], check=True, stdout=subprocess.DEVNULL)


def _stands(pid: int) -> bool:
    """Tell whether every thread of a process is stopped: proc(5), the state behind the name in parentheses."""
    stats = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)


def settings(port: int, controller: int, others: Mapping[str, int] | None = None) -> dict[str, str]:
    """Return the properties of a one-node KRaft broker that starts quickly and keeps its promises with one replica.

    `others` are the ports of further listeners, by protocol.
    """
    open_to_all = [f"{name}://127.0.0.1:{number}" for name, number in {"PLAINTEXT": port, **(others or {})}.items()]
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": ",".join([*open_to_all, f"CONTROLLER://127.0.0.1:{controller}"]),
        "advertised.listeners": ",".join(open_to_all),
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL",
        "broker.session.timeout.ms": "3000",  # after a kill it waits for this: 6 s to start again, not 12
        "broker.heartbeat.interval.ms": "500",
        "auto.create.topics.enable": "false",
        "num.partitions": "1",
        "default.replication.factor": "1",
        "min.insync.replicas": "1",
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
        "offsets.topic.num.partitions": "2",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.num.partitions": "2",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        "log.cleaner.dedupe.buffer.size": "4194304",  # the default takes 128 MB at once
    }


def free_port() -> int:
    """Return a free loopback port below Linux's range for outgoing ones, so that it is still free after a kill.

    Not by the seed, which pytest-randomly sets to the same before each test: the processes of one run would all try the
    same ports, and find each other's brokers at those where there should be none.
    """
    for port in random.SystemRandom().sample(range(20_000, 32_000), 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port on 127.0.0.1 between 20000 and 32000")


def answers(port: int) -> bool:
    """Tell whether a Kafka broker answers there: an ApiVersions request, version 0, gets a reply."""
    request = struct.pack(">hhih", 18, 0, 1, -1)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as link:
            link.sendall(struct.pack(">i", len(request)) + request)
            return len(link.recv(4)) == 4
    except OSError:
        return False


def _formatted(java: Sequence[str]) -> Path:
    """Return a folder as Kafka's format command leaves it: made once, then copied, which saves 2 s a start."""
    kept = home() / f"formatted-{KAFKA_VERSION}"
    if not kept.is_dir():
        with tempfile.TemporaryDirectory(dir=home(), prefix="format-") as part:
            properties = _write(Path(part, "server.properties"), settings(1, 2) | {"log.dirs": f"{part}/data"})
            tool = [*java, "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(properties)]
            subprocess.run(tool, check=True, stdout=subprocess.DEVNULL)
            try:
                Path(part, "data").rename(kept)
            except OSError:
                if not kept.is_dir():  # else another run was quicker
                    raise
    return kept


def _folder() -> Path:
    """Make a folder for one broker, and drop those of earlier days."""
    brokers = home() / "brokers"
    brokers.mkdir(parents=True, exist_ok=True)
    for old in brokers.iterdir():
        if time.time() - old.stat().st_mtime > 86_400:
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=brokers, prefix=f"{os.getpid()}-"))


def _write(path: Path, properties: Mapping[str, str]) -> Path:
    path.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
    return path


def _variable(key: str) -> str:
    """Return the variable by which the image takes a property."""
    return "KAFKA_" + key.upper().replace(".", "_")


def _alive(pid: int) -> bool:
    """Tell whether the process runs: not ended, and not waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
