"""The bundled archive through the whole product: `newstap demo` on files, and each document as its expectation says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ingest import demo
from tests.commands import newstap, rows

if TYPE_CHECKING:
    from subprocess import CompletedProcess

EXPECTED = demo.expected()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[CompletedProcess[str], list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("demo")
    done = newstap("demo", "--archive", "--to", folder / "out", cwd=folder)
    assert done.returncode == 0, done.stderr
    return done, rows(folder / "out" / "records") + rows(folder / "out" / "skipped")


def name(expectation: demo.Expectation) -> str:
    return f"{expectation.file}:{expectation.line or expectation.url or ''}:{expectation.outcome}"


def found(expectation: demo.Expectation, outcomes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the outcomes that an expectation speaks of."""
    return [row for row in outcomes if _is_of(expectation, row)]


def _is_of(expectation: demo.Expectation, row: dict[str, Any]) -> bool:
    kind = "skipped" if "reason" in row else "record"
    if kind != expectation.outcome or not row["origin"]["archive"]["file"].endswith(expectation.file):
        return False
    if expectation.reason is not None and row["reason"] != expectation.reason:
        return False
    if expectation.title is not None and expectation.line is not None:
        return row["title"] == expectation.title
    return expectation.url is None or row["url"] == expectation.url


@pytest.mark.parametrize("expectation", EXPECTED, ids=name)
def test_each_document_becomes_what_is_expected(
    expectation: demo.Expectation, run: tuple[CompletedProcess[str], list[dict[str, Any]]]
) -> None:
    (row,) = found(expectation, run[1])
    if expectation.outcome == "skipped":
        return
    for field in ("title", "language", "published", "summary"):
        wanted = getattr(expectation, field)
        assert wanted is None or row[field] == wanted, field
    assert expectation.authors is None or row["authors"] == list(expectation.authors)
    assert {tag["topic"] for tag in row["topics"]} == set(expectation.topics)
    removed = [cut["text"] for cut in row["removed"]]
    assert [p for p in expectation.present if p not in row["text"]] == []
    assert [p for p in expectation.removed if not any(p in text for text in removed)] == []
    assert [p for p in expectation.absent if p in row["text"]] == []


def test_it_shows_titles_topics_and_the_app_footers_that_were_removed(
    run: tuple[CompletedProcess[str], list[dict[str, Any]]],
) -> None:
    shown = run[0].stdout

    assert all(e.title in shown for e in EXPECTED if e.title)
    assert "removed (app-install): Tap to install our app." in shown
    assert "topic north-korea" in shown
    assert "skipped: duplicate" in shown
    assert "Traceback" not in run[0].stderr


def test_every_document_is_accounted_for(run: tuple[CompletedProcess[str], list[dict[str, Any]]]) -> None:
    assert len(run[1]) == len(EXPECTED)
