"""How fast the tagger is on one core, next to a bare scan of the same text by the same kind of automaton.

    python benchmarks/topics.py
    python benchmarks/topics.py --pages ../shared/extraction   # its share of the whole chain's time

The bare scan is `ahocorasick_rs`, DFA, leftmost-longest, over the same phrases, lower-casing left out: what no tagger
in Python can beat. Documents are made of the sentences below: a third about a topic, a third with a passing mention, a
third without any phrase. Ratios are medians over rounds in which both run in turn: a busy machine harms both alike.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import ahocorasick_rs

from ingest.config import load as configured
from ingest.recipe import Recipe
from ingest.worker import chain_of
from processors.records import Article, Form, Mode, Origin, Page, Record
from processors.topics.definitions import load
from processors.topics.model import Topics
from processors.topics.tag import TagTopics
from processors.topics.writing import fold, variants

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAIN = ("china", "north-korea", "russia")
ROUNDS = 9
DOCUMENTS = 300

PLAIN = (
    "The town council voted on Monday to repair the old bridge before the winter floods arrive.",
    "Engineers had warned for years that its second pier was sinking by a finger's width each spring.",
    "The work will cost two million and close the road to lorries until the end of March.",
    "Shopkeepers on the east bank fear that customers will stay away, as they did during the last closure.",
    "A ferry that once crossed the river every ten minutes was sold for scrap in 1974.",
    "The library next door keeps its plans, drawn by hand on linen, in a cupboard on the first floor.",
    "Pupils of the secondary school painted the hoardings with scenes from the life of the valley.",
    "The mayor said that the contract would be signed this week and that no tree would be felled.",
)
PASSING = (
    "The steel for the first bridge was rolled in Germany and shipped through Rotterdam by barge.",
    "A visitor from Japan photographed the arches, and an exhibition in Paris showed the pictures a year later.",
    "One bearing had been ordered from Russia, but the order lapsed when the company closed.",
)
ABOUT = (
    "In 1957 the Soviet Union launched the first artificial satellite from the steppe of Kazakhstan.",
    "Moscow announced the success by radio, and Russian newspapers printed the beep as a row of dots.",
    "The United States answered four months later, after a first rocket had burned on the pad in Florida.",
    "China set up its own rocket institute in the same years, with engineers trained in Russia and America.",
    "Beijing launched its first satellite in 1970; it played a song as it passed over Pyongyang and Tokyo.",
)


def documents(size: int, seed: int) -> list[Article]:
    """Articles of about this many characters."""
    dice = random.Random(seed)
    made = []
    for number in range(DOCUMENTS):
        pools = ((ABOUT, 0.5), (PASSING, 0.08), (PASSING, 0.0))[number % 3]
        text = ""
        while len(text) < size:
            text += dice.choice(pools[0] if dice.random() < pools[1] else PLAIN) + " "
        title = dice.choice(pools[0])[:60] if number % 3 == 0 else dice.choice(PLAIN)[:60]
        made.append(Article(title=title, text=text[:size]))
    return made


def many_topics(count: int) -> Topics:
    """Three shipped topics and so many made-up ones of ten phrases each."""
    dice = random.Random(7)
    syllables = ("ba", "chi", "dor", "el", "fan", "gri", "hum", "ist", "jor", "kel", "lum", "mar", "nes", "ost", "pra")

    def word() -> str:
        return "".join(dice.choice(syllables) for _ in range(dice.randint(2, 4)))

    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            phrases = ", ".join(f'"{word()} {word()}", "{word()}*"' for _ in range(5))
            Path(folder, f"t{number}.toml").write_text(f'name = "made-up-{number}"\n[primary]\nany = [{phrases}]\n')
        names = [*MAIN, *(f"made-up-{number}" for number in range(count))]
        return load(names, [Path(folder)])


def bare(topics: Topics) -> ahocorasick_rs.AhoCorasick:
    """The automaton of all phrases, without anything around it."""
    phrases = [p.text for t in topics.topics for p in t.phrases] + [p.text for _, ps in topics.countries for p in ps]
    return ahocorasick_rs.AhoCorasick(
        sorted({form for phrase in phrases for form in variants(phrase)}),
        matchkind=ahocorasick_rs.MatchKind.LeftmostLongest,
        implementation=ahocorasick_rs.Implementation.DFA,
    )


def seconds(work: Callable[[], object]) -> float:
    """CPU time of one run."""
    began = time.process_time()
    work()
    return time.process_time() - began


def measure(label: str, tagger: TagTopics, automaton: ahocorasick_rs.AhoCorasick, articles: Sequence[Article]) -> None:
    """Print rate and ratio for these documents."""
    folded = [fold(f"{article.title}\n{article.text}") for article in articles]
    ratios, rates, scans = [], [], []
    for _ in range(ROUNDS):
        scan = seconds(lambda: [automaton.find_matches_as_indexes(text) for text in folded])
        tag = seconds(lambda: [tagger(article) for article in articles])
        ratios.append(scan / tag)
        rates.append(len(articles) / tag)
        scans.append(len(articles) / scan)
    tagged = sum(bool(tagger(article).topics) for article in articles)
    print(
        f"{label:34s} ratio {statistics.median(ratios):.3f}  tagger {statistics.median(rates):9,.0f}/s"
        f"  bare scan {statistics.median(scans):9,.0f}/s  tagged {tagged}/{len(articles)}"
    )


def share(folder: Path) -> None:
    """Print how much of the chain's CPU time goes into tagging: pages with an article, as `newstap replay` has them."""
    chain = chain_of(Recipe(config=configured(None, {})))
    tagger = TagTopics(load(MAIN))
    origin = Origin(mode=Mode.REPLAY)
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        pages = [Page(form=Form.HTML, body=row["html"].encode(), origin=origin, url=row["url"]) for row in rows]
        outcomes = [chain(page) for page in pages]  # loads what is loaded late, too
        articles = [outcome.article for outcome in outcomes if isinstance(outcome, Record)]
        whole = seconds(lambda pages=pages: [chain(page) for page in pages])
        tagging = seconds(lambda articles=articles: [tagger(article) for article in articles])
        print(
            f"{path.name:18s} {len(articles)} articles of {len(pages)} pages: chain {1000 * whole / len(pages):.1f} ms,"
            f" tagging {1000 * tagging / len(articles):.2f} ms, {100 * tagging / whole:.2f} % of it"
        )


def main() -> None:
    """Print a line for each size and number of topics, or for each set of pages."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pages", type=Path, metavar="FOLDER", help="sets of pages, JSON lines with url and html")
    options.add_argument("--topics", type=int, default=1_000, help="made-up topics beside the three shipped ones")
    chosen = options.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if chosen.pages is not None:
        share(chosen.pages)
        return
    for label, topics in (("3 topics", load(MAIN)), (f"{chosen.topics:,} topics", many_topics(chosen.topics - 3))):
        began = time.process_time()
        tagger, automaton = TagTopics(topics), bare(topics)
        print(f"{label}: built in {time.process_time() - began:.2f} s, tagger and bare automaton together")
        for size in (800, 3_600):
            articles = documents(size, seed=size)
            measure(f"  {size:,} characters, mixed", tagger, automaton, articles)
            for kind, name in enumerate(("about a topic", "passing mention", "no phrase")):
                measure(f"  {size:,} characters, {name}", tagger, automaton, articles[kind::3])


if __name__ == "__main__":
    main()
