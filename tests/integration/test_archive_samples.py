"""Archives that other projects test their readers with, some broken on purpose, through the whole product.

What each gives is what `docs/archives.md` says of its kind: `test_corpus.py` of the sources counts pages, and here it
is told what became of them. None crashes or hangs, and none costs its neighbours anything.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pytest

from tests.commands import newstap, rows

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.corpus, pytest.mark.slow, pytest.mark.timeout(240)]

# Sorted by name, so that of the same archive in several packings the later ones are duplicates.
EXPECTED: dict[str, dict[str, int]] = {
    "resiliparse-block-sized-records.warc": {},  # records of a type that WARC does not know
    "resiliparse-block-sized-records.warc.gz": {},
    "resiliparse-block-sized-records.warc.lz4": {},
    "resiliparse-clipped.warc.gz": {"read": 1},
    "resiliparse-clueweb-quirk.warc.gz": {"record": 27, "paywall": 2},
    "resiliparse-warcfile.warc": {"record": 11, "index-page": 5},
    "resiliparse-warcfile.warc.gz": {"duplicate": 11, "index-page": 5},
    "resiliparse-warcfile.warc.lz4": {"duplicate": 11, "index-page": 5},
    "warcio-bad.arc": {"read": 3},
    "warcio-example-bad-non-chunked.warc.gz": {"record": 1, "revisit": 1},
    "warcio-example-digest.warc": {},  # requests only
    "warcio-example-iana.org-chunked.warc": {"record": 1},
    "warcio-example-resource.warc.gz": {"duplicate": 1},
    "warcio-example-space-in-target-uri.warc.gz": {"not-html": 1},
    "warcio-example-space-in-url.arc": {"read": 1},
    "warcio-example-trunc.warc": {"read": 1},
    "warcio-example-wget-bad-target-uri.warc.gz": {"duplicate": 1, "not-html": 2},
    "warcio-example-wrong-chunks.warc.gz": {"duplicate": 1},
    "warcio-example.arc": {"duplicate": 1},
    "warcio-example.arc.gz": {"duplicate": 1},
    "warcio-example.warc": {"duplicate": 1, "revisit": 1},
    "warcio-example.warc.gz": {"duplicate": 1, "revisit": 1},
    "warcio-post-test.warc.gz": {"not-html": 3},
}


def test_each_sample_ends_as_documented_and_leaves_its_neighbours_alone(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = newstap("replay", corpus / "warc", "--to", out, timeout=200)
    assert done.returncode == 0, done.stderr
    assert "1 file of other kinds ignored" in done.stderr, "the one whose name ends in .bad"
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for folder, label in (("records", ""), ("skipped", "reason"), ("dead-letters", "step")):
        for row in rows(out / folder):
            file = row["origin"]["archive"]["file"].rpartition("/")[2]
            found[file][row[label] if label else "record"] += 1
    assert {name: dict(found[name]) for name in EXPECTED} == EXPECTED
    assert found.keys() <= EXPECTED.keys()
    assert newstap("audit", "--to", out).returncode == 0


def test_a_sample_with_another_name_is_read_as_what_it_is(corpus: Path, tmp_path: Path) -> None:
    """From standard input, where the first bytes tell."""
    bad = (corpus / "warc" / "warcio-example-bad.warc.gz.bad").read_bytes()
    done = newstap("replay", "-", "--to", tmp_path / "out", stdin=bad, timeout=200)
    assert done.returncode == 0, done.stderr
    assert "3 documents read: 1 record + 2 skipped" in done.stderr
