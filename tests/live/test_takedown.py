"""An article that is taken down is nowhere any more: not in files or archive, and no replay brings it back."""

from __future__ import annotations

import gzip
import shutil
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from ingest import state
from sinks.kafka_client import Connection
from sinks.kafka_reading import read_topic
from tests.commands import newstap, rows
from tests.ingest.newsroom import begun, html
from tests.live.running import Running, item, rss
from tests.site import Site, answer, looped

if TYPE_CHECKING:
    from pathlib import Path

    from tests.broker.process import Broker

ARTICLES = 4


def files(folder: Path) -> dict[str, dict[str, Any]]:
    return {"sinks.files": {"path": str(folder / "out"), "compression": "gzip", "rotate_bytes": 4000}}


async def published(folder: Path, **sections: dict[str, Any]) -> Path:
    """Have a service publish some articles into files, finished ones among them, and an archive."""
    async with Site() as site:
        links = [site.on(f"/a/{n}", answer(html(n), Content_Type="text/html")) for n in range(1, ARTICLES + 1)]
        items = (item(n, link=link, description="In short.") for n, link in enumerate(links, 1))
        feed = site.on("/feed", answer(rss(*items)))
        wanted = {
            "fetch": {"pages": True},
            "archive": {"path": str(folder / "archive")},
        }
        async with Running(folder, feed, **(wanted | files(folder) | sections)) as service:
            await service.until(lambda: len(service.records) == ARTICLES and service.idle.is_set())
    return folder


def told(folder: Path, *arguments: str, code: int = 0) -> str:
    done = newstap(*arguments, "--config", folder / "newstap.toml", cwd=folder)
    assert "Traceback" not in done.stderr
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def records(folder: Path) -> list[dict[str, Any]]:
    packed = sorted((folder / "records").glob("*.gz"))
    unpacked = folder / "unpacked"
    unpacked.mkdir(exist_ok=True)
    for file in packed:
        (unpacked / file.stem).write_bytes(gzip.decompress(file.read_bytes()))
    return [row for row in rows(unpacked) + rows(folder / "records") if "retracted" not in row]


def held(folder: Path, text: bytes) -> list[Path]:
    """Return the files in which something stands, packed or not."""
    found = []
    for file in folder.rglob("*"):
        if file.is_file() and file.parent.name != "unpacked":
            body = file.read_bytes()
            if text in (gzip.decompress(body) if file.suffix == ".gz" else body):
                found.append(file)
    return found


@looped
async def test_it_is_gone_from_files_and_archive_and_the_books_add_up(tmp_path: Path) -> None:
    here = await published(tmp_path)
    first, *others = records(here / "out")
    text = first["text"][:60].encode()
    assert held(here / "out", text)
    assert held(here / "archive", text), "it was there"
    told(here, "retract", first["id"], "--reason", "court order")
    assert held(here / "out", text) == []
    assert held(here / "archive", text) == []
    assert {row["id"] for row in records(here / "out")} == {row["id"] for row in others} - {first["id"]}
    told(here, "audit")
    told(here, "archive", "verify")
    told(here, "archive", "get", first["id"], code=1)
    told(here, "retract", first["id"])
    assert "court order" in told(here, "retract", "--list")
    assert "court order" in told(here, "why", first["id"])


@looped
async def test_a_url_stands_for_its_article_and_a_trial_changes_nothing(tmp_path: Path) -> None:
    here = await published(tmp_path)
    first = records(here / "out")[0]
    assert first["id"] in told(here, "retract", first["url"], "--dry-run")
    assert told(here, "retract", "--list") == ""
    assert f"{first['id']}: taken down" in told(here, "retract", first["url"])


@looped
async def test_a_replay_elsewhere_leaves_it_out(tmp_path: Path) -> None:
    """By the archive's list alone, where the pages come from a copy that was made before."""
    here = await published(tmp_path)
    first = records(here / "out")[0]
    shutil.copytree(here / "archive" / "warc", tmp_path / "copy" / "warc")
    told(here, "retract", first["id"])
    shutil.copy(here / "archive" / "retracted.ids", tmp_path / "copy")
    done = newstap("replay", tmp_path / "copy", "--to", tmp_path / "again", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert first["id"] not in {row["id"] for row in rows(tmp_path / "again" / "records")}
    reasons = {row["detail"] for row in rows(tmp_path / "again" / "skipped") if row["reason"] == "retracted"}
    assert reasons == {first["id"]}


@looped
async def test_killed_at_any_moment_it_is_done_by_the_next_call(tmp_path: Path) -> None:
    here = await published(tmp_path)
    first = records(here / "out")[0]
    arguments = ("retract", first["id"], "--config", here / "newstap.toml")
    for delay in (0.3, 0.5, 0.7):
        with begun(*arguments, cwd=here) as process:
            time.sleep(delay)  # whatever it is at by then: nothing below depends on how far it came
            process.kill()
            process.wait()
        told(here, "audit")
    told(here, *map(str, arguments[:2]))
    told(here, "audit")
    told(here, "archive", "verify")
    assert first["id"] not in {row["id"] for row in records(here / "out")}


@looped
async def test_what_a_feed_brings_later_is_neither_published_nor_archived(tmp_path: Path) -> None:
    archive = {"archive": {"path": str(tmp_path / "archive")}}
    async with Site() as site:
        links = [site.on(f"/a/{n}", answer(html(n), Content_Type="text/html")) for n in (1, 2)]
        feed = site.on("/feed", answer(rss(item(1, link=links[0], description="In short."))))
        async with Running(tmp_path, feed, fetch={"pages": True}, **archive, **files(tmp_path)) as service:
            await service.until(lambda: service.records and service.idle.is_set())
        told(tmp_path, "retract", links[1])
        site.on("/feed", answer(rss(item(1, link=links[0]), item(2, link=links[1], description="In brief."))))
        async with Running(tmp_path, feed, fetch={"pages": True}, **archive, **files(tmp_path)) as service:
            await service.until(lambda: service.skipped and service.idle.is_set())
    assert [(one.reason, one.url) for one in service.skipped if one.url == links[1]] == [("retracted", links[1])]
    pages = [gzip.decompress(file.read_bytes()) for file in (tmp_path / "archive" / "warc").glob("*.gz")]
    assert any(b"<h1>Bridge report 1<" in page for page in pages)
    assert not any(b"<h1>Bridge report 2<" in page for page in pages)
    told(tmp_path, "audit")


def test_beside_a_service_it_changes_nothing(tmp_path: Path) -> None:
    config = tmp_path / "newstap.toml"
    config.write_text(f'[state]\npath = "{tmp_path / "state"}"\n')
    (tmp_path / "state").mkdir()
    with closing(state.owned(tmp_path / "state")):
        assert "another" in told(tmp_path, "retract", "0" * 32, code=2)
    assert told(tmp_path, "retract", "--list") == ""


@pytest.mark.parametrize("wanted", [(), ("no-id",)])
def test_what_names_no_article_is_refused(wanted: tuple[str, ...], tmp_path: Path) -> None:
    done = newstap("retract", *wanted, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.kafka
@looped
async def test_the_compacted_topic_ends_with_its_tombstone(tmp_path: Path, broker: Broker, topic_prefix: str) -> None:
    """From the next start of the service on, and the audit knows that it is right."""
    sinks = {"sinks.kafka": {"bootstrap": broker.bootstrap, "topic_prefix": topic_prefix, "partitions": 1}}
    here = await published(tmp_path, **sinks)
    first = records(here / "out")[0]
    told(here, "retract", first["id"])
    told(here, "audit")
    async with Running(here, **sinks, **files(here)) as service:
        await service.until(lambda: tombstones_of(broker, topic_prefix) == [first["id"]])
    told(here, "audit")


def tombstones_of(broker: Broker, topic_prefix: str) -> list[str]:
    connection = Connection(broker.bootstrap, {}, 5.0)
    found = read_topic(connection, f"{topic_prefix}.articles.latest.v1")
    return [str(one.key) for one in found if one.body is None]
