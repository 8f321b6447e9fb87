"""Event time at a multiple of real time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ingest.pacing import Paced
from ingest.pipeline import HandOn
from ingest.sources.base import PassedOver
from processors.records import Article, Mode, Origin, Reason, Record, Skipped
from tests.commands import rows
from tests.ingest.newsroom import configured, line, newstap

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


class Clock:
    """Goes on only while somebody sleeps."""

    now = 100.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def skipped(seconds: float | None) -> Skipped:
    fetched = None if seconds is None else NOON + timedelta(seconds=seconds)
    return Skipped(origin=Origin(mode=Mode.REPLAY, fetched=fetched), url=None, reason=Reason.EMPTY)


def released(outcomes: list[Any], speed: float) -> list[float]:
    """Return after how many seconds each outcome came, in order."""
    clock = Clock()
    paced = Paced(HandOn(), speed, clock=lambda: clock.now, sleep=clock.sleep)
    came = [(answer, clock.now - 100) for answer in paced.run((one, n) for n, one in enumerate(outcomes)) if answer]
    assert [n for (_, n), _ in came] == list(range(len(outcomes)))
    return [round(at, 6) for _, at in came]


def test_outcomes_come_as_far_apart_as_they_were_fetched() -> None:
    assert released([skipped(0), skipped(60), skipped(90)], 60) == [0, 1, 1.5]


def test_what_is_earlier_or_has_no_time_goes_with_what_was_before_it() -> None:
    outcomes = [skipped(None), skipped(10), skipped(30), skipped(20), PassedOver("not selected"), skipped(40)]
    assert released(outcomes, 10) == [0, 0, 2, 2, 2, 3]


def test_a_record_that_was_never_fetched_goes_by_its_publication() -> None:
    articles = [Article(title="A", text="B", published=NOON + timedelta(seconds=n)) for n in (0, 8)]
    records = [Record(id="a", article=one, origin=Origin(mode=Mode.REPLAY), fingerprint={}) for one in articles]
    assert released([*records, skipped(12)], 4) == [0, 2, 3]


def test_a_waiting_replay_goes_on_doing_what_is_due() -> None:
    """It yields every few hundredths of a second, so that commits, signals and workers are seen to."""
    clock = Clock()
    paced = Paced(HandOn(), 1, clock=lambda: clock.now, sleep=clock.sleep)
    answers = list(paced.run([(skipped(0), 0), (skipped(2), 1)]))
    assert answers.count(None) >= 2 / 0.05


def test_a_replay_takes_as_long_as_its_articles_at_that_speed(tmp_path: Path) -> None:
    """Sixty seconds between the first and the last, sixty times as fast."""
    inputs = tmp_path / "in.jsonl"
    stamps = ("2024-05-01T12:00:00Z", "2024-05-01T12:00:30Z", "2024-05-01T12:01:00Z")
    inputs.write_text("\n".join(line(n, fetched=stamp) for n, stamp in enumerate(stamps)))
    config = configured(tmp_path)
    done = newstap("replay", inputs, "--config", config, "--to", "out", "--speed", "60", cwd=tmp_path)
    assert len(rows(tmp_path / "out" / "records")) == 3
    rate = float(done.stderr.partition(" a second")[0].rpartition(", ")[2])
    assert rate <= 3, "three records in a second at the least"
