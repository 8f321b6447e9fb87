"""`newstap feeds` as its users call it: processes, their exit codes and their streams."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ingest import state
from ingest.cli import main
from ingest.feeds import read_opml
from tests.ingest.feedcommands.settings import configuration
from tests.ingest.feeds.samples import item, rss
from tests.ingest.newsroom import newstap
from tests.site import Site, answer, looped

if TYPE_CHECKING:
    from pathlib import Path

A, B = "https://a.example/feed", "https://b.example/feed"


def test_the_life_of_a_feed_while_a_service_holds_the_state(tmp_path: Path) -> None:
    config = configuration(tmp_path)

    def feeds(*arguments: object, code: int = 0, **options: str) -> str:
        done = newstap("feeds", *arguments, "--config", "newstap.toml", cwd=tmp_path, **options)
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    with closing(state.owned(config.state.path)):
        assert feeds("add", A, "--name", "Harbour", "--no-pages", "--interval", "900") == f"added {A}\n"
        assert feeds("import", "-", input=f'<opml><body><outline xmlUrl="{B}"/></body></opml>').startswith("1 added")
        assert feeds("pause", B) == f"paused {B}\n"
        rows = [json.loads(line) for line in feeds("list", "--json").splitlines()]
        assert [(row["url"], row["state"], row["name"], row["pages"]) for row in rows] == [
            (A, "active", "Harbour", False),
            (B, "paused", None, None),
        ]
        assert len(read_opml(feeds("export").encode()).subscriptions) == 2
        assert feeds("remove", A, code=0) == f"removed {A}\n"
        assert feeds("remove", A, code=2) == f"{A}: no such feed; the nearest is {B}\n"


def test_test_and_discovery_end_with_their_exit_codes(tmp_path: Path) -> None:
    @looped
    async def check() -> None:
        async with Site() as site:
            configuration(tmp_path)
            feed = site.on("/feed.xml", answer(rss(item())))
            front = site.on("/", answer('<html><link rel="alternate" type="application/rss+xml" href="/feed.xml">'))

            async def feeds(*arguments: str) -> subprocess.CompletedProcess[str]:
                given = ("feeds", "--config", "newstap.toml", *arguments)
                return await asyncio.to_thread(newstap, *given, cwd=tmp_path)

            well, page = await asyncio.gather(feeds("test", feed), feeds("test", front))
            assert (well.returncode, well.stderr) == (0, "")
            assert "entries      1" in well.stdout
            assert (page.returncode, page.stderr) == (1, f"{front}: not a feed: a web page\n")
            assert f"named there  {feed} (application/rss+xml)" in page.stdout
            found = await feeds("add", "--discover", front)
            assert (found.returncode, found.stdout) == (0, f"added {feed}\n")
            # Nothing there, but the host's /feed.xml answers as a feed.
            absent = await feeds("add", "--discover", site.url("/absent/"))
            assert (absent.returncode, absent.stdout) == (0, f"known {feed}\n")

    check()


@pytest.mark.parametrize("before", [True, False])
def test_the_configuration_is_named_before_the_action_or_behind_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], before: bool
) -> None:
    configuration(tmp_path, A)
    named = ["--config", str(tmp_path / "newstap.toml")]

    assert main(["feeds", *named, "list"] if before else ["feeds", "list", *named]) == 0

    assert A in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [[], ["nonsense"], ["add"], ["add", A, "--interval", "soon"], ["remove"], ["import"], ["test"], ["list", A]],
)
def test_wrong_arguments_are_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["feeds", *arguments])

    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert not out
    assert "usage: newstap" in err


def test_mistakes_are_a_line_each_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configuration(tmp_path)
    named = ["--config", str(tmp_path / "newstap.toml")]

    assert main(["feeds", "add", A, "ftp://x", "a.example", *named]) == 2
    assert main(["feeds", "import", str(tmp_path / "absent.opml"), *named]) == 2

    out, err = capsys.readouterr()
    assert not out
    assert len(err.splitlines()) == 3
    assert not (tmp_path / "var").exists()


def test_an_empty_list_says_how_to_begin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configuration(tmp_path)

    assert main(["feeds", "list", "--config", str(tmp_path / "newstap.toml")]) == 0

    assert capsys.readouterr() == ("", "no feeds yet; add one with newstap feeds add URL\n")


def test_another_programs_state_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = configuration(tmp_path)
    config.state.path.mkdir(parents=True)
    (config.state.path / state.FILE).write_bytes(b"no database" * 99)

    assert main(["feeds", "list", "--config", str(tmp_path / "newstap.toml")]) == 2

    assert "damaged" in capsys.readouterr().err


def test_what_is_listed_needs_no_fetching_and_no_extraction() -> None:
    code = "import sys, ingest.feedcommands.listing, ingest.feedcommands.changes;"
    code += "print({'httpx', 'trafilatura', 'feedparser', 'lxml'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout == "set()\n"
