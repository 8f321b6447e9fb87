"""Where the broker's program comes from: cached jars run by Java 17+, a Docker daemon, or Debian's packages.

Everything that can be missing is found out here, before anything is started: then one line says what to do.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

KAFKA_VERSION = "4.1.0"
IMAGE = f"apache/kafka:{KAFKA_VERSION}"
HERE = Path(__file__).resolve().parent
ADVICE = (
    "install Java 17 or later and Maven (Debian: apt install openjdk-17-jre-headless maven), "
    "or start Docker, or set NEWSTAP_KAFKA_BOOTSTRAP to a Kafka 4 broker"
)


class BrokerMissingError(Exception):
    """No way to start a broker on this machine; the text says in one line what to install."""


def home() -> Path:
    """Return the folder of the jars, data and logs: `NEWSTAP_KAFKA_HOME`, else `.kafka` of the checkout."""
    return Path(os.environ.get("NEWSTAP_KAFKA_HOME") or HERE.parents[1] / ".kafka").resolve()


def java() -> str | None:
    """Return the path of a Java 17 or later, if there is one."""
    candidates = [Path(os.environ["JAVA_HOME"], "bin", "java")] if os.environ.get("JAVA_HOME") else []
    candidates += [Path(found)] if (found := shutil.which("java")) else []
    for candidate in candidates:
        try:
            told = subprocess.run([candidate, "-version"], capture_output=True, text=True, timeout=60, check=False)
        except OSError:
            continue
        version = re.search(r'version "(\d+)', told.stderr)
        if version and int(version[1]) >= 17:
            return str(candidate)
    return None


def docker() -> str | None:
    """Return the docker command if its daemon answers."""
    command = shutil.which("docker")
    if command is None:
        return None
    try:
        asked = subprocess.run([command, "info"], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return command if asked.returncode == 0 else None


def jars() -> Path:
    """Return the folder of Kafka's jars, fetching them with Maven the first time (54 MB, some 8 s).

    Raises:
        BrokerMissingError: not cached, and Maven is missing or failed.
    """
    libs = home() / f"libs-{KAFKA_VERSION}"
    if libs.is_dir():
        return libs
    maven = shutil.which("mvn")
    if maven is None:
        raise BrokerMissingError(f"no broker for the tests: Maven is missing; {ADVICE}")
    libs.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=libs.parent, prefix="libs-") as part:
        _say(f"fetching Apache Kafka {KAFKA_VERSION} into {libs.parent}")
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={part}/libs"]
        _run([maven, "-q", "-B", "-f", str(HERE / "pom.xml"), *goal], "Maven could not fetch the broker")
        try:
            Path(part, "libs").rename(libs)
        except OSError:
            if not libs.is_dir():  # else another run was quicker, and its copy is as good
                raise
    return libs


def install_packages() -> str | None:
    """Install Debian's Java and Maven where that can be done without asking, and return the path of Java."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return None
    _say("installing openjdk-17-jre-headless and maven")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _run([apt, "-qq", "update"], "apt-get update failed", quiet)
    packages = ["openjdk-17-jre-headless", "maven"]
    _run([apt, "-qq", "install", "-y", "--no-install-recommends", *packages], "apt-get install failed", quiet)
    return java()


def _run(command: list[str], problem: str, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=environment
    )
    if done.returncode:
        last = (done.stdout.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise BrokerMissingError(f"no broker for the tests: {problem}: {last}; {ADVICE}")


def _say(text: str) -> None:
    sys.stderr.write(f"broker: {text}\n")
