"""`newstap demo`: what people are shown."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ingest.demo.show import Show
from processors.records import (
    ArchiveRef,
    Article,
    Evidence,
    Failed,
    Mode,
    Origin,
    Reason,
    Record,
    Removal,
    Revision,
    Skipped,
    Step,
    TextSource,
    TopicTag,
)
from tests.commands import rows
from tests.ingest.newsroom import newstap

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ORIGIN = Origin(mode=Mode.REPLAY, archive=ArchiveRef(file="a.warc", offset=7))


def shown(*outcomes: Record | Skipped | Failed, outlets: Mapping[str, str] | None = None) -> str:
    out = io.StringIO()
    show = Show(out, outlets or {})
    for outcome in outcomes:
        show(outcome)
    return out.getvalue()


def test_a_record_is_shown_with_its_topics_and_removals_and_no_control_characters() -> None:
    tag = TopicTag(topic="china", score=0.5, evidence=(Evidence(field="title", phrase="Peking", start=0, end=6),))
    removed = (Removal(rule="app-install", text="Tap to install\nour app"),)
    article = Article(title="A\x1b[2J title", text="One\nTwo " + "x" * 200, topics=(tag,), removed=removed)
    text = shown(Record(id="a", article=article, origin=ORIGIN, fingerprint={}))
    assert "A [2J title" in text
    assert "topic china 0.50: Peking" in text
    assert "removed (app-install): Tap to install our app" in text
    assert max(map(len, text.splitlines())) <= 102


def test_a_live_record_is_shown_with_its_outlet_its_source_and_its_revision() -> None:
    feed = "http://127.0.0.1:1/rss"
    live = Record(
        id="a",
        article=Article(title="Title", text="Text", text_source=TextSource.FEED),
        origin=Origin(mode=Mode.RUN, feed=feed),
        fingerprint={},
    )
    second = replace(
        live,
        article=replace(live.article, text_source=TextSource.PAGE),
        revision=Revision(n=2, kind="correction", correction="It was\nTuesday " + "x" * 200),
    )
    assert "from The Gazette, its feed alone, revision 1\n" in shown(live, outlets={feed: "The Gazette"})
    assert f"from {feed}, its page, revision 2 (correction): It was Tuesday x" in shown(second)
    assert max(map(len, shown(second).splitlines())) <= 102


def test_what_did_not_become_a_record_is_shown_with_its_reason_and_place() -> None:
    text = shown(
        Skipped(origin=ORIGIN, url=None, reason=Reason.NO_TEXT, detail="12 words"),
        Failed(origin=ORIGIN, url=None, step=Step.READ, error="torn"),
    )
    assert "skipped: no-text (12 words): a.warc:7" in text
    assert "dead letter: read: torn" in text


@pytest.mark.slow
@pytest.mark.timeout(150)
def test_it_can_be_run_again_and_again(tmp_path: Path) -> None:
    for _ in range(2):
        done = newstap("demo", "--exit-when-idle", "--pace", "0.05", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "removed lines by rule: " in done.stdout
        assert "app-install" in done.stdout
        records = rows(tmp_path / "var" / "demo" / "records")
        assert len(records) > 5
        assert len({(row["id"], row["revision"]["n"]) for row in records}) == len(records)
