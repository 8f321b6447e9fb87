"""What operators write: boilerplate rules, topic definitions, the configuration; and the texts that topics are in."""

from __future__ import annotations

import tempfile
import warnings
from functools import cache
from pathlib import Path

from ingest.config import ConfigError, load
from processors.boilerplate.files import RuleFiles
from processors.boilerplate.rules import LineRules, RulesError
from processors.records import Article
from processors.topics.definitions import TopicsError
from processors.topics.definitions import load as load_topics
from processors.topics.model import Topics
from processors.topics.stored import topics_from_json, topics_to_json
from processors.topics.tag import TagTopics
from tests.fuzz.target import Drawn, Target

RULE = b"""[[rule]]
name = "app-install"
where = "tail"
words = ["install our app", "open"]
patterns = ["get the app(?: now)?"]
triggers = ["app"]
beside = ["tap .*"]
unless = ["apple"]
max_length = 80
least = 2
follow = 1
languages = ["en"]
hosts = ["example.org"]
takes = ["Get the app now"]
keeps = ["The apple"]
"""
TOPIC = """name = "harbours"
about = "ports"
threshold = 0.4
country = "CN"
[primary]
any = ["harbour*", "港"]
en-only = ["Pier"]
[context]
en = ["ferry"]
[not]
any = ["Pearl Harbour"]
[policies.docks]
counts = true
primary.any = ["dock"]
[examples]
must = ["The harbour opens.", {title = "Harbour", text = "It opens."}]
must_not = ["Nothing here."]
""".encode()
EXTENDED = b"""extends = "china"
threshold = 0.5
[primary]
any = ["Cathay"]
[policies]
hong-kong = true
"""
CONFIG = b"""[state]
path = "var/state"
[schedule]
interval_seconds = 900
first_fetch = "new"
[fetch]
user_agent = "newstap/VERSION (+https://news.example.org/about)"
allow_networks = ["127.0.0.0/8"]
[[feeds]]
url = "https://gazette.example.org/feed.xml"
zone = "Asia/Seoul"
tags = ["local"]
headers = { Authorization = "Bearer ${TOKEN}" }
[[processors]]
use = "my_steps:DropShort"
options = { words = 100 }
[sinks.files]
compression = "zstd"
[sinks.kafka]
bootstrap = "kafka-1.example.org:9093"
sasl_password = "${TOKEN}"
[dashboard]
listen = "127.0.0.1:8080"
"""
SECRET = "s3cret-value"
ARTICLE = Article(title="The harbour", text="A ferry left the harbour of Cathay. The dock was full.")
TOML = (
    b"[[",
    b"]]",
    b" = ",
    b"{",
    b'"""',
    b"'''",
    b"[" * 200,
    b"1e999",
    b"-1",
    b"true",
    b"1979-05-27",
    b"9" * 30,
    b"\\u0000",
)


def _tells(is_right: bool, error: Exception) -> None:
    """Hold that an error says what is wrong, as it should."""
    assert is_right
    assert str(error)


def _rules(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    try:
        with warnings.catch_warnings():  # Python tells of patterns that a later one may read otherwise
            warnings.simplefilter("ignore", FutureWarning)
            rules = LineRules.of(RuleFiles(1, (("own.toml", text),)))
    except RulesError as error:
        _tells([problem for problem in error.problems if problem.startswith("own.toml: ")] == [*error.problems], error)
        return
    kept, removed = rules.apply("Get the app now\nThe bridge opens.\nTap here", title="The bridge", language="en")
    assert len(kept) + sum(len(cut.text) for cut in removed) <= len("Get the app now\nThe bridge opens.\nTap here")


def _topics(data: bytes) -> None:
    drawn = Drawn(data)
    files = [drawn.until(b"\x00"), drawn.rest()]
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{number}.toml") for number, text in enumerate(files) if text]
        for path, text in zip(paths, filter(None, files), strict=True):
            path.write_bytes(text)
        try:
            topics = load_topics(None, paths)
        except TopicsError as error:
            _tells(bool(error.problems), error)
            return
    stored = topics_from_json(topics_to_json(topics))
    assert stored.digest == topics.digest
    assert topics_to_json(stored) == topics_to_json(topics)
    own = Topics(tuple(one for one in topics.topics if not one.source.endswith("(shipped)")), (), topics.digest)
    assert {tag.topic for tag in TagTopics(own)(ARTICLE).topics} <= set(own.names)


@cache
def _tagger() -> TagTopics:
    return TagTopics(load_topics(None))


def _tags(data: bytes) -> None:
    drawn = Drawn(data)
    title, summary = (drawn.until(b"\x00").decode("utf-8", "replace") for _ in range(2))
    article = Article(title=title, summary=summary or None, text=drawn.rest().decode("utf-8", "replace"))
    found = _tagger()(article)
    for tag in found.topics:
        assert 0 < tag.score <= 1
        assert tag.evidence
        for one in tag.evidence:
            assert getattr(article, one.field)[one.start : one.end] == one.phrase != ""
    assert [tag.score for tag in found.topics] == sorted((tag.score for tag in found.topics), reverse=True)
    assert _tagger()(found) == found
    for explanation in _tagger().explain(article):
        assert explanation.tagged == (explanation.topic in {tag.topic for tag in found.topics})


def _config(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "newstap.toml")
        file.write_bytes(data)
        try:
            config = load(file, {"TOKEN": SECRET})
        except ConfigError as error:
            _tells(SECRET not in str(error), error)
            return
        assert load(file, {"TOKEN": SECRET}) == config
        assert SECRET not in repr(config)


TARGETS = (
    Target(
        name="rules",
        holds="any rule file: every problem with the file's name, or rules that make no text of their own",
        run=_rules,
        seeds=(RULE, b'rule = [{name = "x", words = ["y"], takes = ["y"]}]'),
        words=(*TOML, b"[[rule]]", b"patterns = [", b"(?:a|b)*", b"\\\\w+", b"where = "),
    ),
    Target(
        name="topics",
        holds="any two definition files: every problem, or topics that survive being stored",
        run=_topics,
        seeds=(TOPIC, EXTENDED, TOPIC + b"\x00" + EXTENDED, EXTENDED.replace(b"0.5", b"7") + b"\x00" + EXTENDED),
        words=(*TOML, b"\x00", b"extends = ", b"[policies.x]", b"[primary]", b"any = [", b"en-only"),
    ),
    Target(
        name="tags",
        holds="any article: evidence is what the field holds at its offsets, tagging again changes nothing",
        run=_tags,
        seeds=(
            b"Ferry to Pyongyang\x00\x00The ferry to Pyongyang sails twice a day, North Korea said.",
            "俄罗斯\x00平壤\x00朝鲜和İstanbul Moscow-based Russia's PYONGYANG".encode(),
        ),
        words=tuple(
            word.encode() for word in ("Russia", "North Korea", "Moscow, Idaho", "Chinese", "İ", "ß", "\u0301", "朝鲜")
        ),
    ),
    Target(
        name="config",
        holds="any file: a ConfigError or a configuration, the same each time; secrets are never shown",
        run=_config,
        seeds=(CONFIG, b"[[feeds]]\nurl = 3\n", b"\xef\xbb\xbf[logging]\nlevel = 'info'\n"),
        words=(*TOML, b"[sinks.kafka]", b"[[feeds]]", b"${TOKEN}", b"${", b"url = ", b"zone = ", b"listen = "),
    ),
)
