"""Recognises pages that are no articles though they look like pages: by structure, and by words only where it agrees.

No address of a site is known here. A page is looked at again (`glance`) only if there is a reason: little text, no word
of its own that it is an article, or a text that begins about cookies. Each kind asks for several signs at once, because
an article that is refused is lost, and a page that is let through is only a bad record.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from processors.base import Skip
from processors.boilerplate.lines import fold
from processors.extract import frontmatter, phrases
from processors.extract.blocks import weight
from processors.extract.glance import Glance
from processors.extract.metadata import LONG
from processors.extract.parse import parse
from processors.records import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from processors.extract.metadata import Metadata

# All sizes are weights (`blocks.weight`): characters, those of scripts without spaces counted three times.
LITTLE = 1200
"""With more text than this a page is none of these but an index page or a consent wall."""
ABOUT = 600
"""So much of a text is asked whether it is about cookies."""
CHALLENGE, CHALLENGE_PAGE, CHALLENGE_LINKS = 600, 2000, 12
MISSING = 800
CONSENT_LEAST, CONSENT_SHARE, CONSENT_OTHER = 120, 0.6, 400
STUB, STUB_NOT_FREE, STUB_MARKED = 500, 350, 1200
STUB_LINES = 12
"""Lines behind the text among which the demand for money is looked for; a header has one on every page."""
HEAD_LINES = 8
"""Lines above the text among which its headline is looked for: there are date, source and buttons between them."""
VIDEO = 400
INDEX_LINKS, INDEX_RUNNING = 12, 450

_COLLECTIONS = frozenset(("CollectionPage", "ItemList", "SearchResultsPage"))
_VIDEO_PATH = re.compile(r"/(?:video|videos|vídeos?|videogaler[a-z]*|tv|watch|clips?|mediathek)(?:/|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Made:
    """What extraction made of the page."""

    text: str
    size: int
    path: str


def check(page: bytes, meta: Metadata, text: str, url: str | None) -> None:
    """Look at a page once more where there is a reason to.

    Args:
        page: clean UTF-8, as it was parsed.
        meta: what the page says of itself.
        text: what extraction made of it.
        url: its address; only the path is looked at.

    Raises:
        Skip: BOT_CHALLENGE, SOFT_404, CONSENT_WALL, PAYWALL, VIDEO_PAGE or INDEX_PAGE, with the signs as detail.
    """
    made = _Made(text=text, size=weight(text), path=_path(url))
    if made.size >= LITTLE and not _may_be_index(meta, made) and not phrases.asks_consent(fold(text[:ABOUT])):
        return
    seen = Glance(parse(page), page)
    for reason, judge in _JUDGES.items():
        if signs := judge(seen, meta, made):
            raise Skip(reason, signs)


def _path(url: str | None) -> str:
    try:
        return urlsplit(url or "").path
    except ValueError:
        return ""


def _challenge(seen: Glance, meta: Metadata, made: _Made) -> str | None:
    if made.size >= CHALLENGE or seen.size >= CHALLENGE_PAGE or seen.alternation[0] > CHALLENGE_LINKS:
        return None
    titled = any(map(phrases.is_challenge, seen.parts))
    asked = any(map(phrases.tests_browsers, seen.lines)) or (made.size < 200 and phrases.tests_browsers(seen.silent))
    if titled and (asked or seen.challenged or made.size < 200):
        return "titled like a test for browsers"
    if asked and not meta.declared and (seen.challenged or seen.size < 500):
        return "asks for JavaScript or for a proof that no robot reads it"
    return "holds a captcha and nothing else" if seen.challenged and seen.size < 200 and not meta.declared else None


def _missing(seen: Glance, _: Metadata, made: _Made) -> str | None:
    title = next(filter(phrases.is_missing, sorted(seen.parts)), None) if made.size < MISSING else None
    return f"headed {title!r}" if title else None


def _consent(seen: Glance, meta: Metadata, _: _Made) -> str | None:
    most = CONSENT_OTHER / 2 if meta.declared else CONSENT_OTHER
    asking = other = 0
    for paragraph in seen.prose:
        if phrases.asks_consent(fold(paragraph)):
            asking += weight(paragraph)
        else:
            other += weight(paragraph)
        if other >= most:
            return None
    if asking < max(CONSENT_LEAST, CONSENT_SHARE * (asking + other)) or not any(map(phrases.accepts, seen.labels)):
        return None
    return f"{asking} of {asking + other} characters about consent, and a button for it"


def _paywall(seen: Glance, meta: Metadata, made: _Made) -> str | None:
    if meta.free is True:
        return None
    if made.size < (STUB_MARKED if seen.paid else STUB) and any(map(phrases.asks_for_money, _behind(seen, made))):
        return f"{made.size} characters of text, then a demand to subscribe"
    if made.size < STUB_NOT_FREE and meta.free is False:
        return f"not free by its own word, and {made.size} characters of text"
    return None


def _behind(seen: Glance, made: _Made) -> tuple[str, ...]:
    """Return the lines among and just behind the text's; all of them where the text is nowhere to be seen."""
    known = {fold(line) for line in made.text.split("\n")}
    places = [place for place, line in enumerate(seen.lines) if line in known]
    return seen.lines[places[0] : places[-1] + STUB_LINES] if places else seen.lines


def _video(seen: Glance, meta: Metadata, made: _Made) -> str | None:
    if made.size >= VIDEO:
        return None
    if any(kind.startswith("og:video") for kind in meta.kinds):
        return "a video by its og:type"
    if "VideoObject" in meta.kinds and not meta.declared:
        return "a VideoObject and no article"
    return "a player under a path of videos" if seen.player and _VIDEO_PATH.search(made.path) else None


def _index(seen: Glance, meta: Metadata, made: _Made) -> str | None:
    if not _may_be_index(meta, made):
        return None
    if _is_headed(seen, made):
        return None
    headlines, running = seen.alternation
    few = made.path == "/" or not meta.kinds.isdisjoint(_COLLECTIONS)
    if headlines < (INDEX_LINKS / 2 if few else INDEX_LINKS) or running >= INDEX_RUNNING:
        return None
    return f"{headlines} headlines with links, at most {running} characters of text between two"


def _is_headed(seen: Glance, made: _Made) -> bool:
    """Tell whether the page's title, a long one, stands above the text: many pages have no `<h1>`."""
    titles = {key for key in frontmatter.variants([seen.title]) if weight(key) >= LONG}
    opening = fold(made.text.partition("\n")[0])
    first = next((place for place, line in enumerate(seen.lines) if line.startswith(opening)), 0) if opening else 0
    return any(frontmatter.key(line) in titles for line in seen.lines[max(0, first - HEAD_LINES) : first + 1])


def _may_be_index(meta: Metadata, made: _Made) -> bool:
    """Tell whether nothing the page says of itself speaks for an article."""
    if made.path in {"", "/"} and not meta.kinds.isdisjoint(_COLLECTIONS):
        return True
    return not (meta.declared or meta.entitled)


_JUDGES: dict[Reason, Callable[[Glance, Metadata, _Made], str | None]] = {
    Reason.BOT_CHALLENGE: _challenge,
    Reason.SOFT_404: _missing,
    Reason.CONSENT_WALL: _consent,
    Reason.PAYWALL: _paywall,
    Reason.VIDEO_PAGE: _video,
    Reason.INDEX_PAGE: _index,
}
"""In the order in which they are asked."""
