"""Who owns what, as a fetcher of a group shows it to people and `newstap status` tells it."""

from __future__ import annotations

import io
import json
import re
from html import unescape
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ingest.config import load
from ingest.status.show import show
from tests.fleet.fetchers import PARTITIONS, Fleet
from tests.work.running import LISTEN, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.broker import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]

FEEDS = 24


def page_of(folder: Path, path: str = "/") -> str:
    """Return a page of the fetcher that was begun in a folder; nothing before it listens."""
    found = re.findall(r"listening on (http://[\d.:]+)", (folder / "log").read_text())
    if not found:
        return ""
    answer = httpx.get(found[-1] + path, trust_env=False, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.text


def told(page: str, name: str) -> str:
    """Return the text of the element of that id."""
    found = re.search(rf'id="{name}"[^>]*>(.*?)</', page, re.DOTALL)
    return "" if found is None else unescape(found[1])


def number(page: str, name: str) -> int:
    """Return the number that such a text begins with; -1 where it begins with none."""
    found = re.match(r"\d+", told(page, name))
    return -1 if found is None else int(found[0])


def owned(page: str) -> dict[str, int]:
    """Return how many partitions each fetcher has, by the page's table."""
    return {name: int(n) for name, n in re.findall(r"<bdi>(\w+)</bdi>.*?</th><td>(\d+)</td>", page)}


def status(folder: Path) -> tuple[dict[str, Any], str]:
    """Return what `newstap status` tells of the fetchers: to programs, and to people."""
    config, told, shown = load(folder / "newstap.toml", {}), io.StringIO(), io.StringIO()
    show(config, as_json=True, out=told)
    show(config, as_json=False, out=shown)
    found: dict[str, Any] = json.loads(told.getvalue())["fetchers"]
    return found, shown.getvalue()


def test_the_page_and_status_tell_who_owns_what_and_how_a_fetcher_stands(
    tmp_path: Path, broker: Broker, topic_prefix: str
) -> None:
    """Two share the feeds, as both say; when one ends the other tells what it took up, and that it has all."""
    fleet = Fleet(tmp_path, broker.bootstrap, topic_prefix, 12, FEEDS, 3.0)
    one, two = tmp_path / "one", tmp_path / "two"

    def agree() -> bool:
        pages = [page_of(one), page_of(two)]
        ours = [number(page, "ours") for page in pages]
        feeds = sum(number(page, "feeds") for page in pages)
        shares = [list(owned(page).values()) for page in pages]
        return shares == [ours, ours] and 0 not in ours and (sum(ours), feeds) == (PARTITIONS, FEEDS)

    with fleet.open():
        fleet.begin("one", LISTEN)
        fleet.begin("two", LISTEN)
        until(agree, 120)
        theirs, feeds = number(page_of(one), "ours"), number(page_of(one), "feeds")
        assert told(page_of(one), "unowned") == f"Each of {PARTITIONS} partitions is somebody's."
        assert re.match(r"for \d+\.\d s", told(page_of(one), "lease"))
        assert page_of(one, "/feeds").count('<tr id="feed-') == feeds
        found, shown = status(one)
        assert found["owned"] == {"one": theirs, "two": PARTITIONS - theirs}
        (here,) = found["here"]
        assert (here["name"], len(here["ours"]), here["feeds"]) == ("one", theirs, feeds)
        assert f"one runs as process {fleet.process('one').pid}; {theirs} partitions with {feeds} feeds (" in shown

        assert fleet.stop("one") == 0
        until(lambda: number(page_of(two), "ours") == PARTITIONS and number(page_of(two), "feeds") == FEEDS, 120)
        took = re.fullmatch(
            rf"{theirs} partitions with {feeds} feeds, (\d+) messages in \d+\.\d s, \d+ s ago",
            told(page_of(two), "restored"),
        )
        assert took is not None, told(page_of(two), "restored")
        assert int(took[1]) >= feeds, "each has a message of its own at least"
        assert f"last took up {theirs} partitions with {feeds} feeds in " in status(two)[1]
    assert "one does not run" in status(one)[1]
