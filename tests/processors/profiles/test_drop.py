"""Learned lines are taken out, each with its receipt, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from processors.base import Skip
from processors.profiles import DropLearned, Snapshot
from processors.profiles.lessons import key_of
from processors.profiles.snapshot import snapshot_of
from processors.profiles.verdicts import HEAD, MIDDLE, TAIL, Known
from processors.records import Article, Form, Mode, Origin, Page, Reason, Removal, TextSource
from tests.processors.profiles.articles import HOST, own, record

LINE = "The Gazette is owned by those who read it, and by nobody else in town."
PAGE = Page(form=Form.HTML, body=b"", origin=Origin(mode=Mode.REPLAY))
SINCE = datetime(2024, 5, 1, tzinfo=UTC)


def snapshot(zones: str = TAIL, host: str = HOST) -> Snapshot:
    return Snapshot.load(snapshot_of({host: {key_of(LINE): Known(8, int(SINCE.timestamp()), zones)}}))


def dropped(article: Article, known: Snapshot) -> Article:
    return DropLearned(lambda page: article, known)(PAGE)


def test_line_goes_with_its_receipt() -> None:
    article = record(1, [own(1), own(1, 1), LINE]).article
    found = dropped(article, snapshot())
    assert found.text == "\n".join([own(1), own(1, 1)])
    assert found.removed == (Removal(rule="site-learned", text=LINE, seen=8, since=SINCE),)


@pytest.mark.parametrize(("zones", "gone"), [(TAIL, False), (HEAD, False), (MIDDLE, True), (HEAD + MIDDLE, True)])
def test_line_among_the_paragraphs_goes_only_where_it_was_seen_there(zones: str, gone: bool) -> None:
    article = record(1, [own(1), own(1, 1), LINE, *(own(1, part) for part in range(2, 8))]).article
    assert (LINE not in dropped(article, snapshot(zones)).text) is gone


@pytest.mark.parametrize(
    ("fields", "host"),
    [({}, "herald.example"), ({"text_source": TextSource.ARCHIVE}, HOST), ({"url": None}, HOST)],
    ids=["another site", "text as given", "no site"],
)
def test_line_of_another_site_or_of_no_page_stays(fields: dict[str, object], host: str) -> None:
    article = record(1, [own(1), LINE], **fields).article
    assert dropped(article, snapshot(host=host)) is article


def test_page_of_learned_lines_alone_is_skipped() -> None:
    with pytest.raises(Skip) as skipped:
        dropped(record(1, [LINE]).article, snapshot())
    assert skipped.value.reason is Reason.NO_TEXT


def test_same_content_has_the_same_version_and_nothing_has_none() -> None:
    other = snapshot_of({HOST: {key_of(LINE): Known(9, None, TAIL)}})
    assert snapshot().version == snapshot().version != Snapshot.load(other).version
    assert Snapshot.load("").version is None
    assert Snapshot.load(snapshot_of({HOST: {}})).version is None
