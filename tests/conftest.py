"""Fixtures for every test."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

pytest_plugins = ["tests.kafka_fixtures", "tests.faults"]

# A busy machine is slow, not wrong: no property test may fail for the time it took.
settings.register_profile("newstap", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("newstap")

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of third-party data beside the checkout; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("NEWSTAP_SHARED", CHECKOUT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no corpus: {folder} is absent; NEWSTAP_SHARED can name another place")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What hostile input had logged goes from one process of pytest-xdist to another: only UTF-8 can."""
    report = yield
    report.sections = [
        (title, text.encode("utf-8", "backslashreplace").decode("utf-8")) for title, text in report.sections
    ]
    return report


@pytest.fixture(autouse=True)
def _levels_of_logging_stay() -> Iterator[None]:
    """What one test sets up to be logged is not another's: some hold that nothing is."""
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)


@pytest.fixture(autouse=True)
def _no_broker_by_accident(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Only tests marked `kafka` see the broker's address: it changes what commands do."""
    if request.node.get_closest_marker("kafka") is None:
        monkeypatch.delenv("NEWSTAP_KAFKA_BOOTSTRAP", raising=False)
