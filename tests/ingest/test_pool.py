"""Pages through worker processes: order, limits, deaths, and that nothing is left running."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.config import load
from ingest.pool import Pool, PoolError
from ingest.recipe import Limits, Recipe
from processors.records import Failed, Form, Hint, Mode, Origin, Outcome, Page, Reason, Record, Skipped, Step
from tests.ingest import oddities
from tests.ingest.newsroom import configured, gone, workers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ORIGIN = Origin(mode=Mode.REPLAY)


def page(title: str, body: bytes = b"The bridge is open again.") -> Page:
    return Page(form=Form.GIVEN, body=body, origin=ORIGIN, hint=Hint(title=title))


def recipe(folder: Path, **options: str) -> Recipe:
    shutil.copy(Path(oddities.__file__), folder / "oddities.py")
    told = "".join(f"{name} = '{value}'\n" for name, value in options.items())
    config = configured(folder, f'[[processors]]\nuse = "oddities:Odd"\n[processors.options]\n{told}')
    return Recipe(config=load(config, {}))


def pool(
    folder: Path, *, workers: int = 2, seconds: float = 20, memory: int = 500, pages: int = 100, **options: str
) -> Pool[int]:
    return Pool[int](recipe(folder, **options), workers=workers, limits=Limits(seconds, memory, pages))


def outcomes(pool: Pool[int], pages: Iterable[Page | Outcome | None]) -> list[Outcome | None]:
    """Return what becomes of the pages, having seen that they come in order."""
    answers = [answer for answer in pool.run((each, n) for n, each in enumerate(pages)) if answer is not None]
    assert [tag for _, tag in answers] == list(range(len(answers)))
    return [outcome for outcome, _ in answers]


def titles(found: list[Outcome | None]) -> list[str | None]:
    return [each.article.title if isinstance(each, Record) else None for each in found]


def error(outcome: Outcome | None) -> str:
    assert isinstance(outcome, Failed)
    return outcome.error


def test_order_is_kept_where_a_later_page_is_done_first(tmp_path: Path) -> None:
    names = ["SLOW 0", *(f"Notice {n}" for n in range(1, 200)), "SLOW 200"]
    assert titles(outcomes(pool(tmp_path), map(page, names))) == names


def test_outcomes_and_marks_of_the_source_pass_in_their_place(tmp_path: Path) -> None:
    skipped = Skipped(origin=ORIGIN, url=None, reason=Reason.NOT_HTML)
    found = outcomes(pool(tmp_path), [skipped, page("Notice"), None, skipped])
    assert [found[0], found[2], found[3]] == [skipped, None, skipped]
    assert titles(found)[1] == "Notice"


def test_no_worker_is_started_for_outcomes_alone(tmp_path: Path) -> None:
    skipped = Skipped(origin=ORIGIN, url=None, reason=Reason.NOT_HTML)
    assert outcomes(pool(tmp_path, fail="raise"), [skipped] * 3) == [skipped] * 3


@pytest.mark.parametrize("word", ["HANG", "SPIN"])
def test_a_page_over_its_time_is_a_dead_letter_with_its_input(tmp_path: Path, word: str) -> None:
    bad = page(f"{word} forever")
    found = outcomes(pool(tmp_path, seconds=1), [page("One"), bad, page("Two"), page("Three")])
    assert found[1] == Failed(
        origin=ORIGIN, url=None, step=Step.EXTRACT, error="over the time limit of 1 s", page=bad, attempt=1
    )
    assert titles(found) == ["One", None, "Two", "Three"]


def test_a_page_over_its_memory_is_a_dead_letter_and_its_worker_is_replaced(tmp_path: Path) -> None:
    found = outcomes(pool(tmp_path, workers=1, memory=100), map(page, ["One", "HOG", "Two"]))
    assert "MemoryError" in error(found[1])
    assert titles(found) == ["One", None, "Two"]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("DIE", "died on it 2 times (SIGKILL, perhaps out of memory)"),
        ("LEAVE", "died on it 2 times (exit code 0)"),
        ("EXIT", "SystemExit: 0"),
        ("RAISE", "odd: ValueError: no good"),
        ("WRONG", "TypeError"),
    ],
)
def test_what_a_processor_should_not_do_is_a_dead_letter(tmp_path: Path, word: str, told: str) -> None:
    found = outcomes(pool(tmp_path), map(page, ["One", word, "Two"]))
    assert told in error(found[1])
    assert titles(found) == ["One", None, "Two"]


def test_a_page_whose_worker_was_killed_is_tried_again(tmp_path: Path) -> None:
    found = outcomes(pool(tmp_path, marks=str(tmp_path)), map(page, ["One", "DIEONCE", "Two"]))
    assert titles(found) == ["One", "DIEONCE", "Two"]


def test_workers_are_replaced_when_they_are_due(tmp_path: Path) -> None:
    names = [f"Notice {n}" for n in range(25)]
    assert titles(outcomes(pool(tmp_path, pages=10), map(page, names))) == names


def test_a_worker_killed_while_it_starts_is_started_again(tmp_path: Path) -> None:
    found = outcomes(pool(tmp_path, workers=1, fail="die", marks=str(tmp_path)), [page("One")])
    assert titles(found) == ["One"]


def test_workers_that_cannot_start_are_told_and_not_started_for_ever(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(PoolError, match="will not be built"):
        outcomes(pool(tmp_path, fail="raise"), [page("One")] * 9)
    with pytest.raises(PoolError, match="3 worker processes in a row"):
        outcomes(pool(tmp_path, fail="always"), [page("One")] * 9)
    assert time.monotonic() - began < 60


def test_large_pages_and_large_answers_never_wait_for_each_other(tmp_path: Path) -> None:
    body = b"The bridge is open again.\n" * 160_000
    pages = [page("BIG", body), page("BIG"), page("BIG", body[:400_000])] * 4
    assert titles(outcomes(pool(tmp_path), pages)) == ["BIG"] * 12


def test_pages_read_ahead_are_bounded(tmp_path: Path) -> None:
    """A head that takes its time lets others pass, but not the whole archive."""
    read = 0

    def source() -> Iterator[tuple[Page, int]]:
        nonlocal read
        for n in range(1000):
            read += 1
            yield page("SLOW" if n == 0 else "Notice", b"x" * 100_000), n

    few = Pool[int](recipe(tmp_path), workers=2, limits=Limits(20, 500, 2000), max_pending_bytes=1_000_000)
    answers = few.run(source())
    assert next(answer for answer in answers if answer is not None)[1] == 0
    assert 2 < read < 140
    answers.close()  # type: ignore[attr-defined] # a generator


def test_a_source_without_more_for_now_gives_the_caller_its_turn(tmp_path: Path) -> None:
    entries = iter([(page("One"), 1), None, None, (page("Two"), 2)])
    turns = [None if answer is None else answer[1] for answer in pool(tmp_path).run(entries)]
    assert turns.count(None) >= 2
    assert [turn for turn in turns if turn] == [1, 2]


def test_the_caller_has_its_turn_while_every_worker_hangs(tmp_path: Path) -> None:
    answers = pool(tmp_path, workers=1).run([(page("HANG"), 0)])
    assert next(answers) is None
    before = workers(os.getpid())
    began = time.monotonic()
    answers.close()  # type: ignore[attr-defined] # a generator
    assert time.monotonic() - began < 60
    assert not gone(before, within=0)


def test_the_end_in_the_middle_of_work_leaves_no_process(tmp_path: Path) -> None:
    answers = pool(tmp_path).run((page("Notice"), n) for n in range(1000))
    assert next(answer for answer in answers if answer is not None)
    deadline = time.monotonic() + 60
    while len(mine := workers(os.getpid())) < 2 and time.monotonic() < deadline:
        next(answers)  # the second one may still be on its way
    assert len(mine) == 2
    answers.close()  # type: ignore[attr-defined] # a generator
    assert not gone(mine, within=0)


def test_a_worker_killed_from_outside_costs_no_page(tmp_path: Path) -> None:
    answers = pool(tmp_path).run((page("SLOW" if n % 5 == 0 else "Notice"), n) for n in range(20))
    found = []
    killed = False
    for answer in answers:
        if answer is None:
            continue
        found.append(answer)
        if not killed:
            killed = True
            os.kill(min(workers(os.getpid())), signal.SIGKILL)
    assert [tag for outcome, tag in found if isinstance(outcome, Record)] == list(range(20))
