"""What the configuration file says of feeds, as the store and the schedule take it."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from ingest import configured
from ingest.feedstore import Feed, address_of
from ingest.schedule import Settings
from tests.ingest.feedcommands.settings import configuration

if TYPE_CHECKING:
    from pathlib import Path

A = "https://a.example/feed"


def test_a_feed_is_taken_over_but_its_secrets_are_not(tmp_path: Path) -> None:
    keys = 'name = "A"\ninterval_seconds = 900\npages = false\nlanguage = "pt"\nzone = "+01:00"\ntags = ["x"]\n'
    config = configuration(tmp_path, A, more=keys + 'headers = { Authorization = "Bearer ${TOKEN}" }\n')

    feed = configured.feed(config.feeds[0])

    assert feed == Feed(
        url=A, name="A", interval_seconds=900, pages=False, language="pt", zone="+01:00", tags=("x",), folders=()
    )


def test_every_time_of_the_schedule_is_the_files(tmp_path: Path) -> None:
    names = [field.name for field in fields(Settings)]
    values = {name: 5000 + number for number, name in enumerate(names)}
    lines = "".join(f"{name} = {value}\n" for name, value in values.items())
    config = configuration(tmp_path, more=f"[schedule]\n{lines}")

    assert configured.settings(config.schedule) == Settings(**values)


def test_headers_are_found_by_address(tmp_path: Path) -> None:
    more = '[[feeds]]\nurl = "HTTPS://B.example:443/feed#top"\nheaders = { Authorization = "Bearer ${TOKEN}" }\n'
    feeds = configuration(tmp_path, A, more=more).feeds

    assert configured.headers(feeds) == {address_of("https://b.example/feed"): feeds[1].headers}
