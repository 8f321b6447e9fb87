"""Invented news: events told by several outlets, wire copies of them, and reports made of a form."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from processors.records import Article, Mode, Origin, Record

MORNING = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
PLACES = (
    "Alderney",
    "Brackwater",
    "Corvane",
    "Dunmere",
    "Eastholm",
    "Farrow",
    "Grelling",
    "Halvik",
    "Inverard",
    "Jessel",
)
THINGS = ("ferry", "bridge", "library", "reservoir", "orchard", "lighthouse", "tramway", "quarry", "theatre", "market")
VERBS = (
    "closed",
    "reopened",
    "flooded",
    "collapsed",
    "expanded",
    "sold",
    "restored",
    "inspected",
    "evacuated",
    "praised",
)
PEOPLE = ("Quill", "Inkwell", "Mallory", "Osgood", "Pemberton", "Rackham", "Sefton", "Tindall", "Usher", "Vane")


def record(name: str, title: str, text: str, hours: float = 0.0, **fields: Any) -> Record:
    """A record that was fetched so many hours after the morning."""
    revision = {"revision": fields.pop("revision")} if "revision" in fields else {}
    article = Article(**{"title": title, "text": text, "language": "en"} | fields)
    when = MORNING + timedelta(hours=hours)
    origin = Origin(mode=Mode.REPLAY, document_id=name, fetched=when)
    return Record(id=name, article=article, origin=origin, fingerprint={}, **revision)


def prose(dice: random.Random, sentences: int, *about: str) -> str:
    """Sentences of invented news, with what they are about in each second one."""
    return " ".join(_sentence(dice, about if n % 2 == 0 else ()) for n in range(sentences))


def _sentence(dice: random.Random, about: tuple[str, ...]) -> str:
    who, where, what = dice.choice(PEOPLE), dice.choice(PLACES), dice.choice(THINGS)
    did, how, had = dice.choice(VERBS), dice.choice(THINGS), dice.choice(VERBS)
    subject = dice.choice(about) if about else f"{who} of {where}"
    number = dice.randint(11, 999)
    return f"{subject} {did} the {what} beside the {how} in {where}, where {who} had {had} {number} others."


def stream(seed: int, count: int) -> list[Record]:
    """Records in order: new events, copies cut or extended, other accounts, forms filled in, revisions, live pages."""
    dice = random.Random(seed)
    made: list[Record] = []
    for number in range(count):
        hours = number * 0.6
        kind = dice.random()
        if made and kind < 0.2:
            before = dice.choice(made[-8:])
            text = before.article.text[: dice.choice((200, 10_000))] + dice.choice(("", "\nAll rights reserved."))
            made.append(record(f"{seed}-{number}", before.article.title, text, hours))
        elif made and kind < 0.35:
            before = dice.choice(made[-8:])
            title = f"{before.article.title}, officials say"
            made.append(record(f"{seed}-{number}", title, prose(dice, 6, *before.article.title.split()), hours))
        elif made and kind < 0.45:
            before = dice.choice(made[-8:])
            made.append(record(before.id, before.article.title, prose(dice, 5), hours))
        elif kind < 0.55:
            made.append(record(f"{seed}-{number}", *weather(dice), hours))
        elif kind < 0.6:
            made.append(record(f"{seed}-{number}", f"Live: {dice.choice(PLACES)}", prose(dice, 4), hours))
        else:
            about = (dice.choice(PLACES), dice.choice(PEOPLE))
            title = f"{about[0]} {dice.choice(THINGS)} {dice.choice(VERBS)} by {about[1]}"
            made.append(record(f"{seed}-{number}", title, prose(dice, 8, *about), hours))
    return made


def weather(dice: random.Random) -> tuple[str, str]:
    """A form: title and text."""
    place = dice.choice(PLACES)
    low, high, wind, rain = (dice.randint(1, 97) for _ in range(4))
    return f"{place} weather: highs of {high}", (
        f"Residents of {place} can expect a mild day with a high of {high} degrees and a low of {low}. Winds will be "
        f"light from the west at {wind} km/h. The chance of rain is {rain} percent. Drivers should allow more time for "
        "their journeys in the morning, the forecasting service said in its daily bulletin for the region."
    )
