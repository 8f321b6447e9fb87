"""The demo's newsroom, and the service reading it with its dashboard: publishing goes on when a test says so."""

from __future__ import annotations

import re
import threading
import time
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field, replace
from io import StringIO
from typing import TYPE_CHECKING

from ingest.config import Archive, FilesSink, Sinks, load
from ingest.demo.live import configuration
from ingest.demo.newsroom import hosted
from ingest.live.serving import serve
from processors.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.demo.newsroom import Newsroom
    from processors.records import Outcome

SECONDS = 60


@dataclass
class Desk:
    """A running service and what it reads."""

    room: Newsroom
    url: str = ""
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def records(self) -> list[Record]:
        """The records so far."""
        return [outcome for outcome in list(self.outcomes) if isinstance(outcome, Record)]

    def publish(self, number: int = 1) -> None:
        """Let the newsroom publish so many stories, and wait until a record came of one more."""
        before = len(self.records)
        for _ in range(number):
            assert self.room.publish() is not None, "the newsroom has nothing left to publish"
        deadline = time.monotonic() + SECONDS
        while len(self.records) == before:
            assert time.monotonic() < deadline, f"no record within {SECONDS} s: {self.outcomes[-3:]}"
            time.sleep(0.05)


@contextmanager
def reading(folder: Path) -> Iterator[Desk]:
    """Run newsroom and service until the end of the block."""
    file = folder / "newstap.toml"
    file.write_text("[extraction]\nworkers = 1\n")
    base = load(file, {})
    base = replace(base, sinks=Sinks(files=FilesSink(path=folder / "out")), archive=Archive(path=folder / "archive"))
    stop, said = threading.Event(), StringIO()
    with hosted(pace_seconds=None) as room:
        desk = Desk(room)
        config = configuration(room.feeds, folder / "out", base)
        service = threading.Thread(
            target=serve, args=(config, stop), kwargs={"on_outcome": desk.outcomes.append}, name="service"
        )
        with redirect_stderr(said):
            service.start()
            desk.url = _address(said, service)
        try:
            yield desk
        finally:
            stop.set()
            service.join(SECONDS)
            assert not service.is_alive(), "the service did not end"


def _address(said: StringIO, service: threading.Thread) -> str:
    deadline = time.monotonic() + SECONDS
    while (found := re.search(r"listening on (http://\S+)\n", said.getvalue())) is None:
        assert service.is_alive(), said.getvalue()
        assert time.monotonic() < deadline, said.getvalue()
        time.sleep(0.02)
    return found[1]
