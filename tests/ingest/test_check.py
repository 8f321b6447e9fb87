"""`newstap check`: what is well on stdout, every problem on stderr."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.ingest.feeds.samples import item, rss
from tests.ingest.newsroom import configured, newstap
from tests.site import Site, answer, looped

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_well_is_listed_and_nothing_is_made(tmp_path: Path) -> None:
    before = {*tmp_path.iterdir(), configured(tmp_path)}
    done = newstap("check", "--config", "newstap.toml", cwd=tmp_path)
    assert done.returncode == 0
    assert all(line.startswith("ok: ") for line in done.stdout.splitlines())
    assert "boilerplate rules" in done.stdout
    assert set(tmp_path.iterdir()) == before


def test_every_problem_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    config = configured(
        tmp_path,
        '[state]\npath = "file/state"\n[sinks.files]\npath = "file/out"\n[archive]\npath = "file/archive"\n'
        '[sinks.kafka]\nbootstrap = "127.0.0.1:1"\n'
        '[[processors]]\nuse = "missing:Name"\n',
    )
    done = newstap("check", "--config", config, cwd=tmp_path)
    assert done.returncode == 2
    for part in ("state.path: ", "sinks.files.path: ", "archive.path: ", "'missing' cannot be imported", "127.0.0.1:1"):
        assert part in done.stderr
    assert "ok: boilerplate rules" in done.stdout


@pytest.mark.parametrize(("sinks", "code"), [("", 1), ('[sinks.files]\npath = "file/out"\n', 2)])
def test_feeds_are_asked_and_those_in_trouble_told(tmp_path: Path, sinks: str, code: int) -> None:
    """They come and go, so that they have an exit code of their own; a problem of ours outweighs theirs."""
    (tmp_path / "file").touch()

    @looped
    async def check() -> None:
        async with Site() as site:
            urls = [site.on("/good", answer(rss(item()))), site.on("/bad", answer("", 503)), "http://127.0.0.1:1/"]
            feeds = "".join(f'[[feeds]]\nurl = "{url}"\n' for url in urls)
            fetch = '[fetch]\nallow_networks = ["127.0.0.0/8"]\nhost_delay_seconds = 0\n'
            config = configured(tmp_path, f"{fetch}{sinks}{feeds}")
            done = await asyncio.to_thread(newstap, "check", "--config", config, cwd=tmp_path)

            assert done.returncode == code, done.stderr
            assert "ok: feeds, 1 of 3\n" in done.stdout
            assert f"feeds[1].url {urls[1]}: status 503\n" in done.stderr
            assert f"feeds[2].url {urls[2]}: refused: " in done.stderr
            assert sorted(site.targets()) == ["/bad", "/good"]

    check()
    assert not (tmp_path / "var").exists()


def test_with_every_feed_well_so_is_all(tmp_path: Path) -> None:
    @looped
    async def check() -> None:
        async with Site() as site:
            fetch = '[fetch]\nallow_networks = ["127.0.0.0/8"]\n'
            config = configured(tmp_path, f'{fetch}[[feeds]]\nurl = "{site.on("/good", answer(rss(item())))}"\n')
            done = await asyncio.to_thread(newstap, "check", "--config", config, cwd=tmp_path)

            assert done.returncode == 0, done.stderr
            assert done.stdout.endswith("ok: feeds, 1 of 1\n")

    check()
