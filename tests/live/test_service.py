"""The service as a whole: from a feed to what is delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processors.records import Reason, TextSource
from tests.ingest.newsroom import html
from tests.live.running import Running, item, rss
from tests.site import Site, answer, looped

if TYPE_CHECKING:
    from pathlib import Path


@looped
async def test_what_a_feed_shows_is_delivered_once(tmp_path: Path):
    """New items come out as they appear, in the order they were published, and the end is orderly."""
    async with Site() as site:
        site.on("/feed", answer(rss(item(2), item(1))), answer(rss(item(3), item(2), item(1))))
        async with Running(tmp_path, site.url("/feed")) as service:
            await service.until(lambda: len(service.records) == 3)
            await service.until(lambda: len(site.asked) >= 4)

    assert service.code == 0
    assert service.titles == ["Bridge report 1", "Bridge report 2", "Bridge report 3"]
    assert [row["title"] for row in service.written()] == service.titles
    assert {row["text_source"] for row in service.written()} == {"feed"}
    assert not (tmp_path / "var" / "out" / "records" / "active.jsonl").exists(), "a drain finishes the file"


@looped
async def test_pages_are_fetched_and_the_feed_stands_in_for_those_that_are_not_there(tmp_path: Path):
    """A page gives the text where there is one; where there is none, the feed's summary does, with the reason."""
    async with Site() as site:
        links = [site.on(f"/a/{n}", answer(html(n), Content_Type="text/html")) for n in (1, 2)]
        links.append(site.url("/a/3"))
        site.on("/feed", answer(rss(*(item(n, link=link) for n, link in enumerate(links, 1)))))
        async with Running(tmp_path, site.url("/feed"), fetch={"pages": True}) as service:
            await service.until(lambda: len(service.records) == 3)

    by_title = {record.article.title: record for record in service.records}
    assert by_title["Bridge report 1"].article.text_source is TextSource.PAGE
    assert by_title["Bridge report 1"].article.url == links[0]
    missing = by_title["Bridge report 3"]
    assert missing.article.text_source is TextSource.FEED
    assert missing.article.text == "The council of Little Wickham counted 3 stones of the bridge this week."
    assert missing.origin.fallback is Reason.HTTP_STATUS
    assert missing.origin.feed == site.url("/feed")
    assert missing.article.canonical_url == links[2]


@looped
async def test_topic_definitions_that_change_are_taken_up_and_broken_ones_are_not(tmp_path: Path, caplog):
    """What is read from then on is tagged by the new definition; a mistake in a later one leaves that in force."""
    caplog.set_level("INFO")
    definition = tmp_path / "stones.toml"
    text = 'name = "stones"\nabout = "Stones."\n[primary]\nen = ["{}"]\n'
    definition.write_text(text.format("pebbles"))
    topics = {"enabled": ["stones"], "paths": [str(definition)]}
    async with Site() as site:
        feed = site.on("/feed", answer(rss(item(1))))
        async with Running(tmp_path, feed, topics=topics) as service:
            await service.until(lambda: len(service.records) == 1)
            definition.write_text(text.format("the bridge"))
            await service.until(lambda: "topic definitions read again" in caplog.text)
            site.on("/feed", answer(rss(item(2), item(1))))
            await service.until(lambda: len(service.records) == 2)
            definition.write_text("name = ")
            await service.until(lambda: "topic definitions have problems" in caplog.text)
            site.on("/feed", answer(rss(item(3), item(2), item(1))))
            await service.until(lambda: len(service.records) == 3)

    assert [[tag.topic for tag in record.article.topics] for record in service.records] == [[], ["stones"], ["stones"]]
    assert service.code == 0
