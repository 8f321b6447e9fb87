"""A feed through simulated time, and short words for what its polls bring."""

from __future__ import annotations

from dataclasses import replace

from ingest.schedule import (
    Answer,
    ErrorClass,
    Failure,
    FeedState,
    Items,
    NoteKind,
    NotModified,
    Settings,
    decide,
)

FEED = "https://news.example/feed"
SETTINGS = Settings()
DAY = 86_400.0
MIDDLE = 0.5
"""The seed that leaves a wait as it is where jitter goes both ways."""


def fresh(now: float = 0.0) -> FeedState:
    return FeedState(url=FEED, interval=SETTINGS.interval_seconds, next_due=now)


def answer(**given) -> Answer:
    return Answer(**{"url": FEED, "etag": b'W/"1"', **given})


def items(new: int, known: int, *, body: bytes = b"1", oldest_new=None, declared=None, **given) -> Items:
    return Items(answer=answer(**given), body_hash=body, new=new, known=known, oldest_new=oldest_new, declared=declared)


UNMODIFIED = NotModified(answer(etag=None))


class Life:
    """A feed through simulated time: each poll happens when it is due."""

    def __init__(self, settings: Settings = SETTINGS, seed: float = MIDDLE) -> None:
        self.settings, self.seed = settings, seed
        self.state, self.now = replace(fresh(), interval=settings.interval_seconds), 0.0
        self.notes: list[NoteKind] = []
        self.gaps: list[float] = []

    def poll(self, *outcomes, late: float = 0.0) -> FeedState:
        for outcome in outcomes:
            self.now = self.state.next_due + late
            self.state, notes = decide(self.state, outcome, self.settings, self.now, self.seed)
            self.notes += [note.kind for note in notes]
            self.gaps.append(self.state.next_due - self.now)
        return self.state

    def until(self, moment: float, outcome) -> FeedState:
        while self.state.next_due < moment:
            self.poll(outcome)
        return self.state


def failing(error: ErrorClass, times: int, **settings) -> Life:
    life = Life(replace(SETTINGS, **settings))
    life.poll(items(5, 0), *[Failure(error)] * times)
    return life
