"""`newstap feeds add`, `remove`, `pause` and `resume`: whole or not at all, beside a service that holds the state."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ingest import configured, feedstore, state
from ingest.config import Config
from ingest.feedcommands import changes
from ingest.feedcommands.errors import FeedsError
from ingest.feedstore import Feed
from tests.ingest.feedcommands.settings import configuration, stored

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_800_000_000.0
A, B = "https://a.example/feed", "https://b.example/feed"


def add(config: Config, *urls: str, **given: object) -> int:
    wanted = changes.described(urls, **{"name": None, "tags": [], **given})  # type: ignore[arg-type]  # the test's
    return changes.add(config, wanted, now=NOW)


def served(config: Config) -> None:
    """Let the store see the configuration, as a service does at its start."""
    with closing(state.owned(config.state.path)) as store, store.transaction() as connection:
        settings = configured.settings(config.schedule)
        feedstore.configure(connection, map(configured.feed, config.feeds), settings=settings, now=NOW)


def test_what_is_given_is_stored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = configuration(tmp_path)
    add(
        config, A, name="Harbour", interval_seconds=900.0, pages=False, language="pt-BR", zone="+01:00", tags=["x", "x"]
    )

    (row,) = stored(config)
    expected = Feed(
        url=A, name="Harbour", interval_seconds=900.0, pages=False, language="pt-BR", zone="+01:00", tags=("x",)
    )
    assert (row.feed, row.stored, row.configured, row.paused) == (expected, True, False, False)
    assert capsys.readouterr() == (f"added {A}\n", "")


def test_adding_again_tells_what_is_known_and_changes_only_what_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = configuration(tmp_path)
    add(config, A, name="Harbour", tags=["x"])
    capsys.readouterr()

    assert add(config, "HTTPS://A.example:443/feed", B, tags=["y"]) == 0

    assert capsys.readouterr().out == f"known HTTPS://A.example:443/feed\nadded {B}\n"
    assert [(row.feed.name, row.feed.tags) for row in stored(config)] == [("Harbour", ("x", "y")), (None, ("y",))]


def test_feeds_that_are_added_together_do_not_begin_together(tmp_path: Path) -> None:
    config = configuration(tmp_path)
    add(config, *(f"https://h{n}.example/feed" for n in range(50)))

    dues = [row.state.next_due for row in stored(config)]
    assert dues[0] == NOW
    assert len(set(dues)) == 50


@pytest.mark.parametrize(
    ("urls", "given", "problems"),
    [
        ([A, "ftp://a.example/feed"], {}, ["'ftp://a.example/feed' is not an http or https URL"]),
        ([A, "https://u:s3cret@a.example/"], {}, ["'https://***@a.example/' holds a user name or password"]),
        (["a.example", "https://", A], {}, ["'a.example' is not an http", "'https://' names no host"]),
        ([A], {"language": "pt_BR"}, ["language: 'pt_BR' is not a language tag"]),
        ([A], {"zone": "Europe/Lisbonn"}, ['did you mean "Europe/Lisbon"?']),
        ([A], {"interval_seconds": -5.0}, ["interval_seconds: -5.0 is out of range"]),
        ([A], {"interval_seconds": float("nan")}, ["is out of range"]),
        ([A], {"tags": ["a\x1bb"]}, ["holds control characters"]),
        ([A, B], {"name": "One"}, ["--name is for one URL"]),
    ],
)
def test_one_mistake_and_nothing_is_added(tmp_path: Path, urls: list[str], given: dict, problems: list[str]) -> None:
    config = configuration(tmp_path)

    with pytest.raises(FeedsError) as caught:
        add(config, *urls, **given)

    assert len(str(caught.value).splitlines()) == len(problems)
    assert all(problem in str(caught.value) for problem in problems)
    assert "s3cret" not in str(caught.value)
    assert not config.state.path.exists()


def test_an_interval_that_the_bounds_overrule_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert add(configuration(tmp_path), A, B, interval_seconds=5.0) == 0

    assert capsys.readouterr().err.count("--interval 5.0 is outside 600 to 86400, which win") == 1


def test_a_service_that_runs_sees_a_change_at_its_next_look(tmp_path: Path) -> None:
    config = configuration(tmp_path)
    with closing(state.owned(config.state.path)) as service:

        def due() -> list[str]:
            with service.transaction() as connection:
                claims = feedstore.claim(connection, NOW + 1, lease=0, limit=9)
                for claim in claims:
                    feedstore.release(connection, claim)
                return [claim.feed.url for claim in claims]

        assert due() == []
        add(config, A)
        assert due() == [A]
        changes.pause(config, [A], paused=True)
        assert due() == []
        changes.pause(config, [A], paused=False)
        assert due() == [A]
        changes.remove(config, [A], now=NOW)
        assert due() == []


def test_a_removed_feed_is_gone_and_removing_it_again_is_a_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = configuration(tmp_path)
    add(config, A, B)
    capsys.readouterr()

    assert changes.remove(config, [A, A], now=NOW) == 0
    assert capsys.readouterr() == (f"removed {A}\n", "")
    assert [row.feed.url for row in stored(config)] == [B]
    with pytest.raises(FeedsError, match=rf"^{A}: no such feed; the nearest is {B}$"):
        changes.remove(config, [A], now=NOW)


@pytest.mark.parametrize("action", ["remove", "pause"])
def test_one_unknown_feed_and_nothing_is_changed(tmp_path: Path, action: str) -> None:
    config = configuration(tmp_path)
    add(config, A)
    urls = [A, "https://a.example/fed", "https://zzzz.test/?token=s3cret"]

    with pytest.raises(FeedsError) as caught:
        changes.remove(config, urls, now=NOW) if action == "remove" else changes.pause(config, urls, paused=True)

    first, second = str(caught.value).splitlines()
    assert first == f"https://a.example/fed: no such feed; the nearest is {A}"
    assert second == "https://zzzz.test/?token=***: no such feed; newstap feeds list shows all"
    assert [(row.feed.url, row.paused) for row in stored(config)] == [(A, False)]


@pytest.mark.parametrize("action", ["remove", "pause"])
def test_what_is_no_url_is_told(tmp_path: Path, action: str) -> None:
    config = configuration(tmp_path)
    with pytest.raises(FeedsError, match=r"^feeds (remove|pause): 'a\.example' is not an http or https URL"):
        changes.remove(config, ["a.example"], now=NOW) if action == "remove" else changes.pause(
            config, ["a.example"], paused=True
        )
    assert not config.state.path.exists()


@pytest.mark.parametrize("taken_up", [True, False])
def test_a_feed_of_the_file_has_to_be_removed_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], taken_up: bool
) -> None:
    config = configuration(tmp_path, A)
    if taken_up:
        served(config)

    assert changes.remove(config, [A], now=NOW) == 2

    out, err = capsys.readouterr()
    assert (out, err) == ("", f"{A}: stands in the configuration file, {config.file}; remove it there\n")
    assert config.state.path.exists() is taken_up


def test_a_feed_that_has_left_the_file_goes_with_the_next_reading(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served(configuration(tmp_path, A))

    assert changes.remove(configuration(tmp_path), [A], now=NOW) == 2

    assert "it goes when that is read again" in capsys.readouterr().err


def test_of_a_feed_in_both_the_stores_part_is_removed(tmp_path: Path) -> None:
    """So that it is gone once it is out of the file, whichever is done first."""
    config = configuration(tmp_path, A)
    served(config)
    add(config, A)

    assert changes.remove(config, [A], now=NOW) == 2
    assert [(row.configured, row.stored) for row in stored(config)] == [(True, False)]


def test_a_feed_of_the_file_can_be_paused_once_a_service_knows_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = configuration(tmp_path, A)
    with pytest.raises(FeedsError, match="no service has taken it up yet"):
        changes.pause(config, [A], paused=True)
    assert not config.state.path.exists()

    served(config)
    assert changes.pause(config, [A], paused=True) == 0
    served(config)  # a restart
    assert [row.paused for row in stored(config)] == [True]
    assert changes.pause(config, [A], paused=False) == 0
    assert [row.paused for row in stored(config)] == [False]
    assert capsys.readouterr().out == f"paused {A}\nresumed {A}\n"


def test_a_feed_that_nobody_wants_any_more_cannot_be_paused(tmp_path: Path) -> None:
    config = configuration(tmp_path)
    add(config, A)
    changes.remove(config, [A], now=NOW)

    with pytest.raises(FeedsError, match="no such feed"):
        changes.pause(config, [A], paused=True)
