"""The code in the documentation does what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ingest import demo
from tests.commands import newstap, rows
from tests.conftest import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.broker import Broker


def block(document: str, language: str, containing: str) -> str:
    """Return the one code block of a document that holds a phrase."""
    text = (CHECKOUT / document).read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    (only,) = [found for found in blocks if containing in found]
    return str(only)


@pytest.mark.kafka
@pytest.mark.timeout(120)
def test_the_readmes_consumer_reads_a_topics_stream(broker: Broker, tmp_path: Path) -> None:
    done = newstap(
        "demo", "--archive", "--to", tmp_path / "out", cwd=tmp_path, env={"NEWSTAP_KAFKA_BOOTSTRAP": broker.bootstrap}
    )
    assert done.returncode == 0, done.stderr
    code = block("README.md", "python", "KafkaConsumer")
    assert len(code.strip().splitlines()) <= 10

    wanted = {e.title for e in demo.expected() if "north-korea" in e.topics and e.title}
    code = code.replace("127.0.0.1:9092", broker.bootstrap).replace("my-reader", f"reader-{tmp_path.name}")
    # The README's loop goes on for ever; here it ends once it has seen what it must, or the test's time is up.
    command = [sys.executable, "-u", "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        lines = []
        for line in reader.stdout:
            lines.append(line)
            wanted = {title for title in wanted if title not in line}
            if not wanted:
                reader.kill()
                break
    assert all("'north-korea'" in line for line in lines)


@pytest.mark.kafka
@pytest.mark.timeout(180)
def test_the_tutorials_topic_and_consumer_work_as_they_stand(broker: Broker, tmp_path: Path) -> None:
    """Its two files, a replay of one page as it is called there, and its consumer."""
    env = {"NEWSTAP_KAFKA_BOOTSTRAP": broker.bootstrap}
    (tmp_path / "rail.toml").write_text(block("docs/tutorial.md", "toml", "[primary]"), encoding="utf-8")
    (tmp_path / "newstap.toml").write_text(block("docs/tutorial.md", "toml", "[sinks.kafka]"), encoding="utf-8")
    tested = newstap("topics", "test", "--config", "newstap.toml", cwd=tmp_path, env=env)
    assert tested.returncode == 0, tested.stderr
    title = f"The railway of {tmp_path.name} opens"
    lines = (
        f"The rail line to stop {n} was built in {n + 2} years, and trains call there every hour." for n in range(9)
    )
    text = "".join(f"<p>{line}" for line in lines)
    page = f"<html lang=en><title>{title}</title><article><h1>{title}</h1>{text}</article>"
    (tmp_path / "my-articles").mkdir()
    (tmp_path / "my-articles" / "page.html").write_text(page, encoding="utf-8")

    there = ("--config", "newstap.toml", "--to", "out-rail", "--kafka", broker.bootstrap)
    done = newstap("replay", "my-articles/", *there, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    code = block("docs/tutorial.md", "python", "KafkaConsumer").replace("my-reader", f"reader-{tmp_path.name}")
    command = [sys.executable, "-u", "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **env}) as reader:
        assert reader.stdout is not None
        seen = next(line for line in reader.stdout if title in line)
        reader.kill()
    assert "['railways']" in seen


def test_the_example_of_a_processor_joins_the_chain(tmp_path: Path) -> None:
    (tmp_path / "drop_short.py").write_text(block("docs/extending.md", "python", "class DropShort"), encoding="utf-8")
    (tmp_path / "newstap.toml").write_text(block("docs/extending.md", "toml", "drop_short"), encoding="utf-8")
    short = "Rain is expected in the hills tonight."
    long = " ".join(f"The fair in Lindenau went on into day {n} with bread and music." for n in range(10))
    (tmp_path / "two.jsonl").write_text(
        f'{{"id": "short", "title": "Rain", "text": "{short}"}}\n{{"id": "long", "title": "Fair", "text": "{long}"}}\n',
        encoding="utf-8",
    )

    done = newstap("replay", "two.jsonl", "--to", "out", "--config", "newstap.toml", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    (kept,) = rows(tmp_path / "out" / "records")
    (dropped,) = rows(tmp_path / "out" / "skipped")
    assert (kept["origin"]["document_id"], kept["section"]) == ("long", "news")
    assert (dropped["reason"], dropped["detail"]) == ("filtered", "drop-short: under 50 words")


def test_the_tutorials_topic_can_be_loaded_and_tags(tmp_path: Path) -> None:
    (tmp_path / "rail.toml").write_text(block("docs/tutorial.md", "toml", 'name = "railways"'), encoding="utf-8")
    settings = block("docs/tutorial.md", "toml", "out-news")
    (tmp_path / "newstap.toml").write_text(settings.split("[sinks.kafka]")[0], encoding="utf-8")
    text = (
        "The railway to the coast opens in May. The new rail line has nine stations, and the railway hired 200 people."
    )
    (tmp_path / "one.jsonl").write_text(f'{{"title": "A railway to the coast", "text": "{text}"}}', encoding="utf-8")

    checked = newstap("check", "--config", "newstap.toml", cwd=tmp_path)
    done = newstap("replay", "one.jsonl", "--config", "newstap.toml", cwd=tmp_path)

    assert (checked.returncode, done.returncode) == (0, 0), checked.stderr + done.stderr
    (record,) = rows(tmp_path / "out-news" / "records")
    assert [tag["topic"] for tag in record["topics"]] == ["railways"]


def test_the_documents_name_only_commands_that_exist() -> None:
    """Every `newstap COMMAND` in a code block or between backticks exists, and every command is documented."""
    offered = set(re.findall(r"^    (\w+)\s", newstap("--help").stdout, re.MULTILINE))
    named = set()
    for path in [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]:
        text = path.read_text(encoding="utf-8")
        named |= set(re.findall(r"^    (?:\S+=\S+ )?newstap ([a-z]+)", text, re.MULTILINE))
        named |= set(re.findall(r"`newstap ([a-z]+)", text))

    assert {"replay", "check", "demo"} <= offered
    assert named == offered
