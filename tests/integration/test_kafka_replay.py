"""A replay into a real broker: what arrives, what is refused, and a broker that is away."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.broker.process import free_port
from tests.commands import rows
from tests.ingest.newsroom import (
    archive,
    asked_to_end,
    begun,
    configured,
    descendants,
    gone,
    keys,
    line,
    newstap,
    settings,
)
from tests.kafka_fixtures import committed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.broker import Broker, OwnBroker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

STORY = {
    "title": "North Korea tests a missile",
    "text": "Pyongyang said on Monday that North Korea had tested a missile. North Korea gave no details.",
}


def kafka(folder: Path, prefix: str, more: str = "") -> Path:
    config = configured(folder, f'[sinks.kafka]\ntopic_prefix = "{prefix}"\npartitions = 2\n{more}')
    config.write_text(config.read_text().replace("enabled = []", 'enabled = ["north-korea"]'))
    return config


def test_a_replay_to_kafka_alone_keeps_its_state_where_the_configuration_says(
    tmp_path: Path, broker: Broker, topic_prefix: str, read_topic: Callable[[str], list[Any]]
) -> None:
    inputs = archive(tmp_path / "in", 2, 10)
    (inputs / "story.jsonl").write_text(line(100, **STORY) + "\n")
    config = kafka(tmp_path, topic_prefix, f'[state]\npath = "{tmp_path}/mine"\n')
    command = ("replay", inputs, "--kafka", broker.bootstrap, "--config", config)
    done = newstap(*command, cwd=tmp_path)
    assert done.returncode == 0
    assert not (tmp_path / "var").exists()
    assert list((tmp_path / "mine" / "jobs").glob("*/job.sqlite"))
    published = read_topic(f"{topic_prefix}.articles.v1")
    assert sum(keys([json.loads(message.value) for message in published]).values()) == 10
    assert all(message.key.decode() == json.loads(message.value)["id"] for message in published)
    (about,) = read_topic(f"{topic_prefix}.topic.north-korea.v1")
    assert json.loads(about.value)["title"] == STORY["title"]
    assert len(read_topic(f"{topic_prefix}.dead-letters.v1")) == 1

    again = newstap(*command, cwd=tmp_path)
    assert "nothing new" in again.stderr
    assert len(read_topic(f"{topic_prefix}.articles.v1")) == 10
    assert newstap(*command, "--restart", cwd=tmp_path).returncode == 0
    anew = keys([json.loads(message.value) for message in read_topic(f"{topic_prefix}.articles.v1")])
    assert set(anew.values()) == {2}, "published again under the same keys"


def test_the_environment_names_another_broker_where_the_configuration_has_one(
    tmp_path: Path, broker: Broker, topic_prefix: str, read_topic: Callable[[str], list[Any]]
) -> None:
    (tmp_path / "in.jsonl").write_text(line(1) + "\n")
    config = kafka(tmp_path, topic_prefix, 'bootstrap = "127.0.0.1:1"\n')
    here = settings(NEWSTAP_KAFKA_BOOTSTRAP=broker.bootstrap)
    assert newstap("replay", "in.jsonl", "--config", config, cwd=tmp_path, env=here).returncode == 0
    assert len(read_topic(f"{topic_prefix}.articles.v1")) == 1


def test_a_record_that_the_broker_never_takes_is_one_dead_letter(
    tmp_path: Path, broker: Broker, topic_prefix: str, read_topic: Callable[[str], list[Any]]
) -> None:
    config = kafka(tmp_path, topic_prefix, "max_request_bytes = 200000\n")
    words = " ".join(f"The ferry left at {n}." for n in range(20_000))
    (tmp_path / "in.jsonl").write_text(f"{line(1)}\n{line(2, text=words)}\n{line(3)}\n")
    command = ("replay", "in.jsonl", "--to", "out", "--kafka", broker.bootstrap, "--config", config)
    done = newstap(*command, cwd=tmp_path)
    assert done.returncode == 0
    assert "3 documents read: 3 records + 0 skipped + 1 dead letter (deliver 1)" in done.stderr
    assert {json.loads(m.value)["title"] for m in read_topic(f"{topic_prefix}.articles.v1")} == {"Notice 1", "Notice 3"}
    assert len(rows(tmp_path / "out" / "records")) == 3
    (letter,) = rows(tmp_path / "out" / "dead-letters")
    assert json.loads(letter["input"]["body"])["title"] == "Notice 2"
    assert len(read_topic(f"{topic_prefix}.dead-letters.v1")) == 1
    assert "nothing new" in newstap(*command, cwd=tmp_path).stderr


@pytest.mark.slow
def test_a_broker_that_is_away_is_waited_for(tmp_path: Path, fault_broker: OwnBroker) -> None:
    fault_broker.kill()
    (tmp_path / "in.jsonl").write_text("".join(f"{line(n)}\n" for n in range(50)))
    config = kafka(tmp_path, "away")
    with begun("replay", "in.jsonl", "--kafka", fault_broker.bootstrap, "--config", config, cwd=tmp_path) as process:
        time.sleep(4)
        assert process.poll() is None
        fault_broker.start()
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert said.count("tried again every few seconds") == 1  # the next reminder comes after a minute
    assert len(committed(fault_broker.bootstrap, "away.articles.v1")) == 50


@pytest.mark.slow
def test_a_signal_ends_the_wait_for_a_broker(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(f"{line(1)}\n")
    command = ("replay", "in.jsonl", "--kafka", f"127.0.0.1:{free_port()}", "--config", kafka(tmp_path, "nowhere"))
    with begun(*command, cwd=tmp_path) as process:
        time.sleep(3)
        below = descendants(process.pid)
        asked_to_end(process)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the same command resumes" in said
    assert "Traceback" not in said
    assert not gone(below, within=60)
