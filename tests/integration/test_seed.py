"""The article that the project began from must replay perfectly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.commands import newstap, rows

if TYPE_CHECKING:
    from pathlib import Path

FOOTER = [
    "Get the news faster.",
    "Tap to install our app.",
    "Install the Newser News app",
    "in two easy steps:",
    "1. Tap in your navigation bar.",
    "2. Tap to Add to Home Screen.",
]


@pytest.fixture(scope="module")
def record(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    target = tmp_path_factory.mktemp("seed") / "out"
    done = newstap("replay", corpus / "seed" / "newser.txt", "--to", target)
    assert done.returncode == 0, done.stderr
    (only,) = rows(target / "records")
    return only


@pytest.fixture(scope="module")
def lines(corpus: Path) -> list[str]:
    return (corpus / "seed" / "newser.txt").read_text(encoding="utf-8").split("\n")


@pytest.mark.corpus
class TestSeed:
    def test_metadata_is_told_apart(self, record: dict[str, Any]) -> None:
        assert record["title"] == "Kim Shows Banned Missiles to Russian Defense Chief"
        assert record["summary"] == "Some analysts see North Korea, Russia, China as reviving Cold War-era coalition"
        assert record["authors"] == ["Arden Dier"]
        assert record["published"] == "2023-07-27T08:51:00-05:00"
        assert record["language"] == "en"

    def test_text_is_exactly_the_three_paragraphs(self, record: dict[str, Any], lines: list[str]) -> None:
        wanted = [line.removesuffix(" (More North Korea stories.)") for line in lines if len(line) > 500]

        assert len(wanted) == 3
        assert record["text"].split("\n") == wanted
        assert record["text"].startswith("North Korean leader Kim Jong Un showed off")
        assert record["text"].endswith("relations with the country, per Reuters.")

    def test_everything_removed_is_kept_verbatim_with_its_rule(self, record: dict[str, Any], lines: list[str]) -> None:
        removed = {cut["text"]: cut["rule"] for cut in record["removed"]}
        caption = next(line for line in lines if "Li Hongzhong, right" in line)
        wanted = [
            *FOOTER,
            "(More North Korea stories.)",
            "In N. Korea, Cold War-Era Coalition Is Reportedly Revived",
            caption,
        ]

        assert set(wanted) <= set(removed)
        assert all(removed.values())

    def test_the_three_topics_have_evidence_whose_offsets_hold(self, record: dict[str, Any]) -> None:
        assert {tag["topic"] for tag in record["topics"]} == {"north-korea", "russia", "china"}
        for tag in record["topics"]:
            assert 0 < tag["score"] <= 1
            assert tag["evidence"]
            for e in tag["evidence"]:
                assert record[e["field"]][e["start"] : e["end"]] == e["phrase"]
