"""Topic definitions as text, to be kept and found again by their digest: all that tags depend on, no examples."""

from __future__ import annotations

import json
from typing import Any

from processors.topics.definitions import digest_of
from processors.topics.model import Kind, Phrase, Topic, Topics


def topics_to_json(topics: Topics) -> str:
    """Return definitions as text, the same for the same definitions."""
    row = {
        "topics": [
            {
                "name": topic.name,
                "about": topic.about,
                "country": topic.country,
                "threshold": topic.threshold,
                "phrases": [_row(phrase) for phrase in topic.phrases],
            }
            for topic in topics.topics
        ],
        "countries": [[code, [_row(phrase) for phrase in phrases]] for code, phrases in topics.countries],
    }
    return json.dumps(row, ensure_ascii=False)


def topics_from_json(text: str) -> Topics:
    """Read what `topics_to_json` wrote. The digest is reckoned anew: where this code tags otherwise, it is another."""
    row = json.loads(text)
    chosen = tuple(
        Topic(
            name=one["name"],
            about=one["about"],
            country=one["country"],
            threshold=one["threshold"],
            phrases=_phrases(one["phrases"]),
            source="kept by its digest",
        )
        for one in row["topics"]
    )
    countries = tuple((code, _phrases(phrases)) for code, phrases in row["countries"])
    return Topics(chosen, countries, digest_of(chosen, countries))


def _row(phrase: Phrase) -> list[str | bool | None]:
    return [phrase.text, phrase.kind, phrase.stem, phrase.only]


def _phrases(rows: list[list[Any]]) -> tuple[Phrase, ...]:
    return tuple(Phrase(text, Kind(kind), stem=stem, only=only) for text, kind, stem, only in rows)
