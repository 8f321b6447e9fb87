"""The processor that tags an article with its topics, and explains why."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from processors.records import Article, Evidence, TopicTag
from processors.topics import aboutness
from processors.topics.matcher import Matcher
from processors.topics.model import Example, Kind, Topic, Topics
from processors.topics.reading import Reading
from processors.topics.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator


EVIDENCE_LIMIT = 500
"""Phrases listed with a tag, the first ones: a text that says nothing but "China" must not make a record of 50 MB."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One phrase of a topic in an article, and whether it counted."""

    evidence: Evidence
    kind: Kind
    alias: str
    """The phrase as the definition has it."""
    ignored: str | None
    """Why it did not count: blocked phrase, credit line, dateline, outlet's own name, namesake place, needs support."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything behind one topic's score in one article."""

    topic: str
    score: float
    threshold: float
    findings: tuple[Finding, ...]
    features: dict[str, float]
    """What the phrases that counted amount to; empty where none did."""
    contributions: dict[str, float]
    """Feature times weight, with the bias: their sum is the logit of the score."""

    @property
    def tagged(self) -> bool:
        """Whether the article carries the topic."""
        return self.score >= self.threshold


@dataclass(frozen=True, slots=True)
class Failure:
    """An example of a definition that came out otherwise than it says."""

    topic: str
    example: Example
    score: float
    threshold: float

    def __str__(self) -> str:
        """What is wrong, in one line, without the topic's name."""
        should = "must be" if self.example.must else "must not be"
        text = f"{self.example.title} {self.example.text}".strip()
        return f"score {self.score:.2f}, threshold {self.threshold:.2f}; {should} about it: {text[:100]!r}"


class TagTopics:
    """Adds the topics an article is about, strongest first. Pure and deterministic; build it once."""

    def __init__(self, topics: Topics) -> None:
        self._definitions = topics
        self._matcher = Matcher(topics)

    @property
    def name(self) -> str:
        """What logs call this step."""
        return "topics"

    @property
    def topics(self) -> Topics:
        """The definitions in use."""
        return self._definitions

    def __reduce__(self) -> tuple[type[TagTopics], tuple[Topics]]:
        """An automaton does not travel to another process; its definitions do."""
        return TagTopics, (self._definitions,)

    def __call__(self, article: Article, /) -> Article:
        """Return the article with its topics, replacing any that it had."""
        sheet = Sheet(article)
        hits = self._matcher.find(sheet.original, sheet.folded, article.language)
        if not hits:
            return dataclasses.replace(article, topics=()) if article.topics else article
        tags = [*self._tags(Reading(sheet, hits, self._matcher, article.site))]
        if not tags and not article.topics:
            return article
        tags.sort(key=lambda tag: (-tag.score, tag.topic))
        return dataclasses.replace(article, topics=tuple(tags))

    def _tags(self, reading: Reading) -> Iterator[TopicTag]:
        for owner in reading.owners():
            topic = self._definitions.topics[owner]
            counted = reading.counted(owner)
            if not counted:
                continue
            value = round(aboutness.score(reading.features(topic, counted)), 4)
            if value >= topic.threshold:
                evidence = tuple(reading.sheet.evidence(start, end) for start, end, _ in counted[:EVIDENCE_LIMIT])
                yield TopicTag(topic=topic.name, score=value, evidence=evidence)

    def explain(self, article: Article) -> tuple[Explanation, ...]:
        """For every topic of which any phrase stands in the article, what counted and what did not; strongest first."""
        sheet = Sheet(article)
        hits = self._matcher.find(sheet.original, sheet.folded, article.language)
        reading = Reading(sheet, hits, self._matcher, article.site)
        made = [self._explanation(reading, owner) for owner in reading.owners(ignored=True)]
        return tuple(sorted(made, key=lambda explanation: (-explanation.score, explanation.topic)))

    def _explanation(self, reading: Reading, owner: int) -> Explanation:
        topic = self._definitions.topics[owner]
        counted = reading.counted(owner)
        values = reading.features(topic, counted)._asdict() if counted else {}
        parts = {name: aboutness.WEIGHTS[name] * value for name, value in values.items()}
        return Explanation(
            topic=topic.name,
            score=round(aboutness.score(aboutness.Features(**values)), 4) if counted else 0.0,
            threshold=topic.threshold,
            findings=tuple(
                Finding(reading.sheet.evidence(start, end), meaning.kind, meaning.text, reason)
                for (start, end, meaning), reason in reading.all_of(owner)
            ),
            features=values,
            contributions={"bias": aboutness.BIAS, **parts} if counted else {},
        )


def run_examples(topics: Topics) -> list[Failure]:
    """The examples of the definitions that come out otherwise than they say."""
    tagger = TagTopics(topics)
    return [failure for topic in topics.topics for failure in _failures(tagger, topic)]


def _failures(tagger: TagTopics, topic: Topic) -> Iterator[Failure]:
    for example in topic.examples:
        article = Article(title=example.title, text=example.text, language=example.language)
        scores = {made.topic: made.score for made in tagger.explain(article)}
        value = scores.get(topic.name, 0.0)
        if (value >= topic.threshold) is not example.must:
            yield Failure(topic.name, example, value, topic.threshold)
