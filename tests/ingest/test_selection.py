"""The filters of a replay: what they take, what they can tell before extraction, and that the books still add up."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from ingest.audit import audit
from ingest.config import load
from ingest.selection import Selection
from processors.records import Article, Failed, Form, Mode, Origin, Page, Reason, Record, Skipped, Step, TopicTag
from processors.topics.definitions import TopicsError
from tests.commands import rows
from tests.ingest.newsroom import line, newstap

if TYPE_CHECKING:
    from pathlib import Path

MAY, JUNE, JULY = (datetime(2024, month, 1, tzinfo=UTC) for month in (5, 6, 7))
URL = "https://www.gazette.example/a"


def origin(fetched: datetime | None = None) -> Origin:
    return Origin(mode=Mode.REPLAY, fetched=fetched)


def record(
    url: str | None = URL, language: str | None = "en-GB", topic: str = "china", published: Any = None, **of: Any
) -> Record:
    tags = (TopicTag(topic=topic, score=0.9, evidence=()),)
    article = Article(title="A", text="B", url=url, language=language, topics=tags, published=published)
    return Record(id="a", article=article, origin=origin(**of), fingerprint={})


@pytest.mark.parametrize(
    ("selection", "taken"),
    [
        (Selection(), True),
        (Selection(hosts=("gazette.example",)), True),
        (Selection(hosts=("www.gazette.example",)), True),
        (Selection(hosts=("azette.example",)), False),
        (Selection(hosts=("courier.example", "gazette.example")), True),
        (Selection(languages=("en",)), True),
        (Selection(languages=("en-gb",)), True),
        (Selection(languages=("en-us",)), False),
        (Selection(languages=("e",)), False),
        (Selection(topics=("russia", "china")), True),
        (Selection(topics=("russia",)), False),
        (Selection(languages=("en",), topics=("russia",)), False),
    ],
)
def test_what_a_record_is_taken_by(selection: Selection, taken: bool) -> None:
    assert selection.takes(record()) is taken
    assert not selection or str(selection)


@pytest.mark.parametrize(
    ("published", "fetched", "taken"),
    [
        (JUNE, None, True),
        (MAY, None, False),
        (JULY, None, False),  # the end is outside
        (None, JUNE, True),
        (MAY, JUNE, False),
        (JULY, JUNE, True),  # a date of the future is none
        (None, None, False),
    ],
)
def test_the_time_of_a_record_is_that_of_its_publication(published: Any, fetched: Any, taken: bool) -> None:
    assert Selection(since=JUNE, until=JULY).takes(record(published=published, fetched=fetched)) is taken


def test_a_saved_page_goes_by_the_address_it_gives_itself() -> None:
    made = record(url=None)
    article = Article(title="A", text="B", canonical_url=URL)
    named = Record(id="a", article=article, origin=made.origin, fingerprint={})
    assert Selection(hosts=("gazette.example",)).takes(named)
    assert not Selection(hosts=("gazette.example",)).takes(made)


def test_a_dead_letter_is_taken_unless_it_is_known_to_be_something_else() -> None:
    """It may have been about anything; damage to an archive is always told."""
    unknown = Failed(origin=origin(), url=None, step=Step.READ, error="torn")
    known = Failed(origin=origin(MAY), url=URL, step=Step.EXTRACT, error="hung")
    every = Selection(since=JUNE, hosts=("courier.example",), languages=("de",), topics=("china",))
    assert every.takes(unknown)
    assert Selection(languages=("de",), topics=("china",), hosts=("gazette.example",)).takes(known)
    assert not Selection(hosts=("courier.example",)).takes(known)
    assert not Selection(since=JUNE).takes(known)


def test_a_skipped_document_has_no_topic_and_no_language() -> None:
    skipped = Skipped(origin=origin(JUNE), url=URL, reason=Reason.PAYWALL)
    assert Selection(since=JUNE, hosts=("gazette.example",)).takes(skipped)
    assert not Selection(topics=("china",)).takes(skipped)
    assert not Selection(languages=("en",)).takes(skipped)


def test_what_is_known_of_a_page_before_it_is_read() -> None:
    page = Page(form=Form.HTML, body=b"", origin=origin(MAY), url=URL)
    assert Selection(since=JUNE).refuses(page)
    assert not Selection(until=MAY).refuses(page), "it may have been published long before"
    assert Selection(hosts=("courier.example",)).refuses(page)
    assert not Selection(hosts=("gazette.example",), topics=("china",), languages=("de",)).refuses(page)
    held = Page(form=Form.LINE, body=b"{}", origin=origin(MAY), url=None)
    assert not Selection(since=JUNE, hosts=("courier.example",)).refuses(held)


def test_a_topic_that_is_not_looked_for_can_not_be_selected() -> None:
    with pytest.raises(TopicsError, match=r"--topic chnia: not looked for; did you mean 'china'\?"):
        Selection(topics=("chnia",)).check(["china", "russia"])


STORY = {"title": "Peking repairs a wall", "text": "Peking said that China would repair the wall. China gave no date."}


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Six documents: three of May, one of them about China and one broken; two of June; one without any text."""
    path = tmp_path / "in.jsonl"
    path.write_text(
        "\n".join(
            [
                line(1, url="https://gazette.example/1", published="2024-05-02"),
                line(2, url="https://gazette.example/2", published="2024-05-03", **STORY),
                line(3, url="https://courier.example/3", published="2024-06-02"),
                line(4, url="https://courier.example/4", published="2024-06-03", **STORY),
                '{"id": "broken", "text": 5}',
                '{"id": "empty", "title": "", "text": "", "url": "https://gazette.example/6", "fetched": "2024-05-04"}',
            ]
        )
    )
    return path


def test_a_replay_delivers_what_is_selected_and_its_books_add_up(inputs: Path, tmp_path: Path) -> None:
    """Another selection is another job, which --restart may begin."""
    command = ("replay", inputs, "--to", "out", "--topics", "china")
    filters = ("--since", "2024-05-01", "--until", "2024-06-01", "--host", "gazette.example")
    done = newstap(*command, *filters, cwd=tmp_path)
    assert "6 documents read: 2 records + 1 skipped (empty 1) + 1 dead letter (read 1) + 2 not selected" in done.stderr
    assert [row["url"][-1] for row in rows(tmp_path / "out" / "records")] == ["1", "2"]
    told = io.StringIO()
    assert audit(load(None, {}), tmp_path / "out", told) == 0, told.getvalue()
    assert "not selected           2\n" in told.getvalue()

    other = newstap(*command, "--topic", "china", cwd=tmp_path)
    assert other.returncode == 2
    assert "only since 2024-05-01T00:00:00+00:00; until 2024-06-01T00:00:00+00:00; host gazette.example" in other.stderr
    again = newstap(*command, "--topic", "china", "--restart", cwd=tmp_path)
    assert "2 records + 0 skipped + 1 dead letter (read 1) + 3 not selected" in again.stderr
    assert [row["url"][-1] for row in rows(tmp_path / "out" / "records")] == ["2", "4"]


def test_filters_that_make_no_sense_are_usage(inputs: Path, tmp_path: Path) -> None:
    for more, told in (
        (("--topic", "ferries"), "--topic ferries: not looked for"),
        (("--since", "soon"), "'soon' is no time"),
        (("--host", ","), "give at least one"),
        (("--distribute", "--host", "a.example"), "--distribute only hands pages to workers"),
    ):
        done = newstap("replay", inputs, *more, cwd=tmp_path)
        assert done.returncode == 2
        assert told in done.stderr
