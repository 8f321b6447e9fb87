"""The kit of hostile inputs through the real commands, as `make hostile` does it: here the small ones, together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.hostile import checking, replaying, serving
from tests.hostile.kit import Input, kit
from tests.hostile.report import head, row, summary
from tests.hostile.verdict import Happened, Judged, judged
from tests.site import looped

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SLACK = 8.0
"""By which a busy machine may be slower than the limits ask for."""
SERVED = re.compile(r"feeds/lx_recurse_lol_c|pages/(?:nul|binary)|http/gzip_t")
"""A few of each kind: each takes a second or two, which `make hostile` has."""
CHECKED = ("long_dotted_key", "endless_line", "many_unknown_keys", "deep_arrays", "secret_in_url", "only_bom", "utf16")
"""Those of our own that cost most, and a few others."""


@pytest.fixture(scope="module")
def inputs(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Input]:
    """What is stored in the kit, without what gen.py writes."""
    return kit(corpus / "hostile", tmp_path_factory.mktemp("gen"), large=False)


def held(told: Iterable[tuple[Input, Happened]]) -> None:
    rows = [judged(one, happened, slack=SLACK) for one, happened in told]
    table = "\n".join((head(), *map(row, rows), summary(rows)))
    assert rows
    assert not any(one.problems for one in rows), table


@pytest.mark.corpus
@pytest.mark.slow
def test_archives_and_records_of_the_kit_end_as_it_says(inputs: list[Input], tmp_path: Path) -> None:
    wanted = [one for one in inputs if one.kind in {"warc", "record"}]

    held(zip(wanted, replaying.replay(wanted, tmp_path), strict=True))


@pytest.mark.corpus
@pytest.mark.slow
def test_feeds_pages_and_answers_of_the_kit_end_as_it_says(inputs: list[Input], tmp_path: Path) -> None:
    wanted = [one for one in inputs if one.kind in serving.KINDS and SERVED.match(one.file)]
    told: list[tuple[Input, Happened]] = []

    @looped
    async def served() -> None:
        told.extend([each async for each in serving.serve(wanted, tmp_path)])

    served()
    held([*told, checking.audited(tmp_path)])


@pytest.mark.corpus
def test_no_url_of_the_kit_is_reached(inputs: list[Input], tmp_path: Path) -> None:
    held(checking.checked([one for one in inputs if one.kind == "urls"], tmp_path))


def test_hostile_configurations_are_refused_in_a_line_that_names_file_and_place(tmp_path: Path) -> None:
    held(checking.our_own(tmp_path, CHECKED))


LINE = Input("x", "record", "rejected-with-error", "", either_ok=False, path=None)  # type: ignore[arg-type]  # not read


FINE = Happened("rejected", "", 1, 1, 0.1)


@pytest.mark.parametrize(
    ("happened", "problem"),
    [
        (FINE._replace(became="accepted"), "accepted, not rejected-with-error"),
        (FINE._replace(became="skipped"), "skipped, not rejected-with-error"),
        (FINE._replace(seconds=16), "took 16.0 s"),
        (FINE._replace(memory=1025), "took 1025 MiB"),
        (FINE._replace(wait=1.5), "/healthz took 1.5 s"),
        (FINE._replace(faults=("a neighbour is lost",)), "a neighbour is lost"),
    ],
)
def test_the_table_shows_what_is_wrong(happened: Happened, problem: str) -> None:
    """A table that cannot show a failure proves nothing."""
    found: Judged = judged(LINE, happened)

    assert found.problems == (problem,)
    assert "RED" in row(found)


def test_what_is_as_the_kit_says_is_no_problem() -> None:
    assert judged(LINE, FINE).problems == ()
