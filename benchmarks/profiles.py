"""Learned boilerplate, measured on invented sites: precision, recall and cost.

    python benchmarks/profiles.py [--sites 100] [--seed 1]

Each site has its own recurring lines inside the article's container, above, among and below the paragraphs, on 70 to
100 % of its articles, in words that no line rule knows; and near misses that must stay: date lines, headings of live
blogs and recipes, the standing first line of a column, the background paragraph of a long story, a question that
interviews repeat, an article published again under other addresses. Eight articles are learned from; what is taken
out of six others is counted. Cost is what learning adds to the time of extraction: the lesson, keeping it, the
profile, the verdicts and taking lines out.
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))

from ingest.pipeline import BATCH_ROWS  # noqa: E402 - behind the path that it is found by
from ingest.profiles import Learner, Profiles  # noqa: E402 - as above
from ingest.wiring import MIGRATIONS  # noqa: E402 - as above
from processors.boilerplate.rules import LineRules  # noqa: E402 - as above
from processors.extract.extractor import Extract  # noqa: E402 - as above
from processors.identity import record_id  # noqa: E402 - as above
from processors.profiles import DropLearned, Snapshot  # noqa: E402 - as above
from processors.profiles.lessons import RULE  # noqa: E402 - as above
from processors.records import Article, Form, Mode, Origin, Page, Record  # noqa: E402 - as above
from sinks.store import Store  # noqa: E402 - as above

LEARNED, TESTED = 8, 6
MIN_PRECISION, MIN_RECALL, MAX_COST = 0.99, 0.95, 0.03
TEXT = (
    "harbour council bridge winter school market river station museum library engine garden theatre mountain village "
    "ferry orchard canal railway teacher doctor farmer captain mayor painter clock tower meadow forest island coast "
    "letter season budget festival stone copper timber cotton lantern window kitchen valley summer morning evening "
    "opened closed repaired counted measured painted carried followed answered promised returned gathered planted "
    "narrow distant quiet early heavy public ancient careful northern southern wooden modern common bitter gentle "
    "between against during without along behind beneath toward after before nearly often rarely together"
)
WORDS = TEXT.split()
BOILERPLATE = (
    "{name} lives from the people who read it, and {number} of them give a little every month.",
    "Our newsroom in {town} answers to nobody but its members.",
    "Whoever likes this piece may pass it to a friend in {town}.",
    "{name} has been printed on {town} paper since {year}.",
    "Members of the {name} circle get the weekend edition two days early",
    "The editors thank the {town} Foundation, which pays for a part of this work.",
    "Hear the voices of {town} each morning in our talk with the newsroom",
    "Nothing on this page may be set in type elsewhere without a word from {name}.",
    "A printed copy waits for you at every kiosk between {town} and the coast.",
    "Was there a slip in this piece? The desk in {town} mends it within the hour.",
    "{name} keeps no record of what you read here, and never will.",
    "Readers in {town} can meet the newsroom on the first Tuesday of each month.",
    "This story belongs to the series that {name} began in {year}.",
    "From the workshop of {name}, with the help of {number} volunteers",
)
HEADINGS = ("What we know so far", "The day in brief", "Key moments", "The latest from the harbour", "At a glance")
RECIPE = ("Ingredients for four", "And so it is made")
QUESTIONS = ("And what came after that?", "How did it begin for you?")
# As much around the article as on a real page: menus, teasers and scripts, some 170 kB.
MENU = "".join(
    f'<li class="menu-item"><a href="/topic/{n}"><span>Topic {n} of the day</span></a></li>' for n in range(150)
)
TEASERS = "".join(
    f'<div class="card card--small" data-id="{n}"><a href="/city/{n}"><img src="/i/{n}.jpg" alt="">'
    f'<h3 class="card__title">The {WORDS[n % 50]} by the {WORDS[n % 41]}</h3></a><span class="tag">City</span></div>'
    for n in range(250)
)
SCRIPT = f"<script>var settings = {{{','.join(f'key{n}: &quot;{n * n}&quot;' for n in range(3500))}}};</script>"


@dataclass(slots=True)
class Site:
    """An invented site and what its pages share."""

    host: str
    chance: random.Random = field(repr=False)
    above: list[str] = field(default_factory=list)
    among: list[str] = field(default_factory=list)
    below: list[str] = field(default_factory=list)
    frequency: dict[str, float] = field(default_factory=dict)
    authors: list[str] = field(default_factory=list)
    column: str = ""
    background: str = ""
    dateline: str = ""

    @property
    def boilerplate(self) -> tuple[str, ...]:
        return (*self.above, *self.among, *self.below)


def made(number: int, seed: int) -> Site:
    """Invent a site: one to three recurring lines below the text, up to two among and above the paragraphs."""
    chance = random.Random(seed * 10_000 + number)
    town, name = _name(chance), f"The {_name(chance)} {chance.choice(('Post', 'Herald', 'Voice', 'Courant'))}"
    lines = [
        line.format(name=name, town=town, number=chance.randint(200, 9000), year=chance.randint(1850, 1990))
        for line in chance.sample(BOILERPLATE, 7)
    ]
    site = Site(f"{_name(chance).lower()}-{number}.example", chance)
    below, among = chance.randint(1, 3), chance.randint(0, 2)
    site.below, site.among = lines[:below], lines[3 : 3 + among]
    site.above = lines[5 : 5 + chance.randint(0, 1)]
    site.frequency = {line: chance.choice((0.7, 0.85, 1.0, 1.0)) for line in site.boilerplate}
    for line in site.above:
        site.frequency[line] = 1.0
    site.authors = [f"{_name(chance)} {_name(chance)}" for _ in range(5)]
    site.column = f"Every week {site.authors[0]} walks through {town} and writes down what the stones have to say."
    site.background = _prose(chance, 22)
    site.dateline = town.upper() if chance.random() < 0.5 else f"{town.upper()} (NTA)"
    return site


def pages(site: Site, count: int) -> Iterator[tuple[Page, datetime]]:
    """Yield articles of a site; every fourth is a column, some follow one story, one comes under three addresses."""
    story = _prose(site.chance, 2).split()[0].strip(".").title()
    began = datetime(2026, 1, 5, 8, tzinfo=UTC)
    for n in range(count):
        moment = began + timedelta(hours=17 * n)
        page = _page(site, n, moment, story)
        yield page, moment
        if n % 7 == 2:
            for copy in ("amp", "update"):
                yield replace(page, url=f"{page.url}?{copy}=1", body=_updated(page.body, site)), moment


def _page(site: Site, n: int, moment: datetime, story: str) -> Page:
    chance = site.chance
    column, follows, live = n % 4 == 1, n % 4 in {2, 3} and n % 8 != 6, n % 5 == 4
    title = " ".join(chance.sample(WORDS[:50], 5)).capitalize() + (f" in {story}" if follows else "")
    author = site.authors[0] if column else chance.choice(site.authors[1:])
    section = "column" if column else chance.choice(("city", "world", "sport"))
    paragraphs = [_prose(chance, chance.randint(25, 60)) for _ in range(chance.randint(5, 11))]
    if follows:
        paragraphs.insert(chance.randint(2, len(paragraphs)), site.background)
    if n % 3 == 0:
        paragraphs.insert(2, chance.choice(QUESTIONS))
    if live:
        paragraphs[1:1] = [HEADINGS[n % 2]]
        paragraphs[4:4] = [HEADINGS[2 + n % 2]]
    if n % 2:
        paragraphs += [RECIPE[0], *(" ".join(chance.sample(WORDS[:50], 2)) for _ in range(4)), RECIPE[1]]
        paragraphs += [_prose(chance, 6) for _ in range(3)]
    if column:
        paragraphs.insert(0, site.column)
    elif n % 2 == 0:
        paragraphs.insert(0, site.dateline)
    own = _shown(site, site.above) + paragraphs
    for line in _shown(site, site.among):
        between = [i for i in range(1, len(own)) if len(own[i - 1]) > 100 and len(own[i]) > 100]
        own.insert(chance.choice(between or [len(own)]), line)
    own += _shown(site, site.below)
    return _as_page(site, n, (title, author, section), own, moment)


def _shown(site: Site, lines: Sequence[str]) -> list[str]:
    return [line for line in lines if site.chance.random() < site.frequency[line]]


def _as_page(site: Site, n: int, about: tuple[str, str, str], lines: Sequence[str], moment: datetime) -> Page:
    title, author, section = about
    address = f"https://www.{site.host}/{section}/{n:04}-{title.split()[0].lower()}"
    text = "".join(f"<h2>{line}</h2>" if line in HEADINGS + RECIPE else f"<p>{line}</p>" for line in lines)
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="author" content="{author}"><meta property="article:section" content="{section}">'
        f'<meta property="article:published_time" content="{moment.isoformat()}"></head>'
        f"<body>{SCRIPT}<nav><ul>{MENU}</ul></nav><main><article><h1>{title}</h1><div>{text}</div></article></main>"
        f'<aside class="sidebar">{TEASERS}</aside><footer><ul>{MENU}</ul></footer></body></html>'
    )
    return Page(form=Form.HTML, body=html.encode(), origin=Origin(mode=Mode.REPLAY), url=address)


def _updated(body: bytes, site: Site) -> bytes:
    return body.replace(b"</div></article>", f"<p>{_prose(site.chance, 12)}</p></div></article>".encode())


def _prose(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(WORDS, k=words)).capitalize() + "."


def _name(chance: random.Random) -> str:
    return "".join(chance.choice(("ka", "lo", "mir", "ten", "du", "vas", "hel", "ro", "in")) for _ in range(3)).title()


@dataclass(slots=True)
class Score:
    """What was taken, what should have been, and the seconds that each part took."""

    right: int = 0
    wrong: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    extraction: float = 0.0
    learning: float = 0.0
    articles: int = 0

    def add(self, site: Site, before: Article, after: Article) -> None:
        taken = [removal.text for removal in after.removed if removal.rule == RULE]
        self.right += sum(line in site.boilerplate for line in taken)
        self.wrong += [line for line in taken if line not in site.boilerplate]
        kept = after.text.split("\n")
        self.left += [line for line in before.text.split("\n") if line in site.boilerplate and line in kept]


def measured(sites: Sequence[Site], folder: Path) -> Score:
    """Learn from eight articles of each site, then take lines out of six others."""
    score, extract = Score(), Extract(rules=LineRules.load())
    noted: list[Record] = []
    job, profiles = Store(folder / "job.sqlite", MIGRATIONS), Profiles(folder)
    learner = Learner(profiles, job)
    tests: list[tuple[Site, Page, Article]] = []
    for site in sites:
        articles = list(pages(site, LEARNED + TESTED))
        taught = articles.index(next(one for one in articles if f"/{LEARNED:04}-" in str(one[0].url)))
        for place, (page, _) in enumerate(articles):
            began = time.process_time()
            article = extract(page)
            score.extraction += time.process_time() - began
            if place >= taught:
                tests.append((site, page, article))
                continue
            noted.append(_record(article, page))
    score.articles = len(noted)
    gc.collect()
    gc.freeze()  # what the benchmark itself holds is no part of the cost
    began = time.process_time()
    for place in range(0, len(noted), BATCH_ROWS):
        with job.transaction() as connection:
            learner.note(connection, noted[place : place + BATCH_ROWS])
    learner.finish()
    snapshot = Snapshot.load(profiles.snapshot())
    score.learning += time.process_time() - began
    _tested(tests, snapshot, score)
    job.close()
    return score


def _tested(tests: Sequence[tuple[Site, Page, Article]], snapshot: Snapshot, score: Score) -> None:
    taking = 0.0
    for site, page, article in tests:
        drop = DropLearned(lambda _, article=article: article, snapshot)  # type: ignore[misc] # its loop variable, kept
        began = time.process_time()
        after = drop(page)
        taking += time.process_time() - began
        score.add(site, article, after)
    score.learning += taking * score.articles / len(tests)
    score.extraction *= score.articles / (score.articles + len(tests))


def _record(article: Article, page: Page) -> Record:
    name = record_id(article.canonical_url, None, article.title, article.text)
    return Record(id=name, article=article, origin=page.origin, fingerprint={})


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sites", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print what was wrong")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="newstap-bench-") as folder:
        score = measured([made(n, options.seed) for n in range(options.sites)], Path(folder))
    precision = score.right / max(1, score.right + len(score.wrong))
    recall = score.right / max(1, score.right + len(score.left))
    cost = score.learning / score.extraction
    each = 1000 * score.learning / score.articles
    print(f"{options.sites} sites, {LEARNED} articles of each learned from, {TESTED} tested")
    print(f"precision {precision:.4f}   (bar {MIN_PRECISION})   {len(score.wrong)} of {score.right} wrong")
    print(f"recall    {recall:.4f}   (bar {MIN_RECALL})   {len(score.left)} left")
    pace = 1000 * score.extraction / score.articles
    print(f"cost      {cost:.4f}   (bar {MAX_COST})   {each:.3f} ms an article, whose extraction takes {pace:.1f} ms")
    if options.show:
        print("\n".join([*(f"wrong: {line}" for line in score.wrong), *(f"left: {line}" for line in score.left)]))
    return 0 if precision >= MIN_PRECISION and recall >= MIN_RECALL and cost <= MAX_COST else 1


if __name__ == "__main__":
    sys.exit(main())
