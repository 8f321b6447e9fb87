"""Accuracy on the labelled development set, where it is present."""

import gzip
import json

import pytest

from processors.records import Article
from processors.topics.definitions import load
from processors.topics.tag import TagTopics

MAIN = ("china", "north-korea", "russia")

pytestmark = pytest.mark.corpus


def outcomes(rows, tagger, topics):
    """Right, wrong and missed tags over the scored pairs."""
    right = wrong = missed = 0
    for row in rows:
        found = {tag.topic for tag in tagger(Article(title=row["title"], text=row["text"])).topics}
        scored = set(topics) & set(row.get("scored_topics") or topics) - set(row["optional"])
        gold = set(row["gold"]) & scored
        right += len(gold & found)
        wrong += len(found & scored - gold)
        missed += len(gold - found)
    return right, wrong, missed


@pytest.mark.parametrize(
    ("enabled", "scored", "least"), [(MAIN, MAIN, 0.94), (None, (*MAIN, "taiwan", "south-korea"), 0.93)]
)
def test_micro_f1_on_the_development_set(corpus, enabled, scored, least):
    with gzip.open(corpus / "topics" / "dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    right, wrong, missed = outcomes(rows, TagTopics(load(enabled)), scored)
    assert 2 * right / (2 * right + wrong + missed) >= least


def test_traps(corpus):
    """At most two of the trap sentences come out wrong."""
    rows = [
        json.loads(line) for line in (corpus / "topics" / "traps_dev.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    tagger = TagTopics(load(None))
    scored = (*MAIN, "taiwan", "south-korea")
    assert sum(any(outcomes([row], tagger, scored)[1:]) for row in rows) <= 2
