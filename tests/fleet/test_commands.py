"""`newstap feeds` and `status` where fetchers share out feeds: the list lies in Kafka, for all of them."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from ingest.cli import main
from ingest.config import ConfigError, load
from ingest.feedstore import Feed
from ingest.fleet.definitions import Defined
from ingest.fleet.publishing import change
from ingest.fleet.serving import fetch
from sinks.kafka_admin import Plan
from sinks.kafka_client import Connection, FencedError
from sinks.kafka_messages import Names

if TYPE_CHECKING:
    from pathlib import Path

    from tests.broker import Broker

pytestmark = pytest.mark.kafka

ONE, TWO = "https://one.example/feed.xml", "https://two.example/feed.xml"


@pytest.fixture
def config(tmp_path: Path, broker: Broker, topic_prefix: str) -> Path:
    """The configuration of a group; nothing of it is on this machine."""
    path = tmp_path / "newstap.toml"
    path.write_text(
        f'[fetch]\ngroup = "town"\n[sinks.kafka]\nbootstrap = "{broker.bootstrap}"\ntopic_prefix = "{topic_prefix}"\n'
        "partitions = 2\n"
    )
    return path


def listed(config: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[str, list[str]]]:
    """Return the state and tags of each feed that `feeds list` tells of."""
    capsys.readouterr()
    assert main(["feeds", "--config", str(config), "list", "--json"]) == 0
    rows = map(json.loads, capsys.readouterr().out.splitlines())
    return {row["url"]: (row["state"], row["tags"]) for row in rows}


def test_the_life_of_a_feed_that_all_fetchers_share(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def feeds(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(["feeds", "--config", str(config), *arguments])
        return code, capsys.readouterr().out

    assert feeds("add", ONE, TWO, "--tag", "a") == (0, f"added {ONE}\nadded {TWO}\n")
    assert feeds("add", ONE, "--tag", "b") == (0, f"known {ONE}\n")
    assert listed(config, capsys) == {ONE: ("active", ["a", "b"]), TWO: ("active", ["a"])}
    assert feeds("pause", TWO) == (0, f"paused {TWO}\n")
    assert listed(config, capsys)[TWO] == ("paused", ["a"])
    assert feeds("resume", TWO)[0] == feeds("remove", ONE)[0] == 0
    assert list(listed(config, capsys)) == [TWO]
    assert feeds("remove", ONE)[0] == 2, "it is unknown by now"

    code, opml = feeds("export")
    assert code == 0
    file = config.with_name("feeds.opml")
    file.write_text(opml.replace(TWO, ONE))
    assert feeds("import", str(file)) == (0, "1 added, 0 known, 0 refused\n")
    assert feeds("import", str(file)) == (0, "0 added, 1 known, 0 refused\n")
    assert set(listed(config, capsys)) == {ONE, TWO}
    assert not (config.parent / "var").exists(), "nothing is kept here"


def test_of_two_changes_at_one_moment_the_earlier_fails_and_is_not_half_done(
    config: Path, broker: Broker, topic_prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each has read what there was before it; one that wrote over the other's would undo it in silence."""
    connection = Connection(broker.bootstrap, {})
    plan = Plan(Names(topic_prefix, (), scaled=True, fleet=True), partitions=2)

    def decide(before: list[Defined]) -> list[Defined]:
        assert main(["feeds", "--config", str(config), "add", TWO]) == 0
        return [*before, Defined(Feed(url=ONE))]

    with pytest.raises(FencedError):
        change(connection, plan, decide)

    assert list(listed(config, capsys)) == [TWO]


def test_status_tells_who_has_which_feeds(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["feeds", "--config", str(config), "add", ONE]) == 0
    capsys.readouterr()

    main(["status", "--config", str(config), "--json"])

    told = json.loads(capsys.readouterr().out)["fetchers"]
    assert (told["owned"], told["unowned"], told["problem"]) == ({}, 2, None)


def test_feeds_of_the_file_are_refused_where_all_share(config: Path) -> None:
    """They would be polled by each fetcher that has the file."""
    config.write_text(config.read_text() + f'[[feeds]]\nurl = "{ONE}"\n')

    with pytest.raises(ConfigError, match="newstap feeds add"):
        fetch(load(config, {}), "town", None, threading.Event())
