"""Where Chromium and axe-core come from: what is installed, else Debian's packages and npm, into a cache of ours.

Whatever is missing is told in one line.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

AXE_VERSION = "4.14.1"
AXE_SHA512 = (
    "e63e659f9806d7ae5bd40899043b0871a5062c5442b01b3f1a3edf5eaf50bf5c"
    "3a7104a72463293b4ad1b77c661a0d4e40e850dec89de9d6ece70a8c13a9af17"
)
CHROMIUM_ADVICE = "install Chromium and its driver (Debian: apt install chromium chromium-driver)"
NPM_ADVICE = "install npm (Debian: apt install npm)"
_SECONDS = 600
"""For an installation."""
_WAIT_FOR_LOCK = "DPkg::Lock::Timeout=300"


class MissingError(Exception):
    """A program is missing and cannot be installed; the text says in one line what to do."""


class Chromium(NamedTuple):
    """A browser, and what drives it."""

    browser: str
    driver: str


def chromium() -> Chromium:
    """Return the browser, installing Debian's where that can be done without asking.

    Raises:
        MissingError: there is none.
    """
    if (found := _chromium()) is None:
        _install(CHROMIUM_ADVICE, "chromium", "chromium-driver", "fonts-dejavu-core")
        found = _chromium()
    if found is None:
        raise MissingError(f"no Chromium for the tests: {CHROMIUM_ADVICE}")
    return found


def axe() -> str:
    """Return the source of axe-core, fetched by npm the first time.

    Raises:
        MissingError: npm is missing, or it failed.
    """
    script = _cache() / f"axe-core-{AXE_VERSION}.js"
    if not script.exists():
        _fetch(script)
    source = script.read_bytes()
    assert hashlib.sha512(source).hexdigest() == AXE_SHA512, f"{script} is not axe-core {AXE_VERSION}; delete it"
    return source.decode()


def _chromium() -> Chromium | None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    return Chromium(browser, driver) if browser and driver else None


def _fetch(script: Path) -> None:
    if (npm := shutil.which("npm")) is None:
        _install(NPM_ADVICE, "npm")
        npm = shutil.which("npm")
    if npm is None:
        raise MissingError(f"no axe-core for the tests: {NPM_ADVICE}")
    script.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=script.parent, prefix="axe-core-") as folder:
        quiet = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
        _run([npm, "install", "--prefix", folder, *quiet, f"axe-core@{AXE_VERSION}"], "npm could not fetch axe-core")
        Path(folder, "node_modules", "axe-core", "axe.min.js").rename(script)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "newstap")


def _install(advice: str, *packages: str) -> None:
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise MissingError(f"missing for the tests of the dashboard, and not installed without root: {advice}")
    sys.stderr.write(f"dashboard: installing {', '.join(packages)}\n")
    _run([apt, "-qq", "-o", _WAIT_FOR_LOCK, "update"], f"apt-get update failed; {advice}")
    command = [apt, "-qq", "-o", _WAIT_FOR_LOCK, "install", "-y", "--no-install-recommends", *packages]
    _run(command, f"apt-get install failed; {advice}")


def _run(command: list[str], problem: str) -> None:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=environ, timeout=_SECONDS
    )
    if done.returncode:
        last = (done.stdout.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise MissingError(f"{problem}: {last}")
