"""Text as a person copies it from a news page: title, dek, byline, date line, second headline, caption, text, footer.

The parts are told apart by structure only (length, final punctuation, order, blank lines, the looks of a byline, a date
line or a credit), never by site. What is not article goes to `removed` with its rule; nothing disappears.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from processors import language, provenance
from processors.base import Skip
from processors.dates import date_line
from processors.extract.people import names
from processors.identity import canonical_url, host_of
from processors.records import Article, Page, Reason, Removal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from processors.boilerplate.rules import LineRules

LONGEST_TITLE = 200
LONGEST_BYLINE = 160
LONGEST_CAPTION = 600
LONGEST_CAPTION_BELOW = 300
"""Among the paragraphs: there, one that ends in "(see photo)" must not go."""
FRONT_LINES = 12
"""Lines below the title among which byline and date line are looked for."""
STRAY_LINES = 2
"""Lines above the last byline or date line that may be neither: the dek, and perhaps a label."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufeff\ufffe\uffff]")
_ENDS = re.compile(r"[.!?…。！？।؟۔][\"'”’»)\]」』）]*(?:\s[(（\[][^()（）\[\]]{1,120}[)）\]])?$")
_FULL_STOP = re.compile(r"(?:[.。।۔][\"'”’»)\]」』）]*)$")
_INITIALS = re.compile(r"\b(?:\w\.){2,}$|\b(?:Jr|Sr|Inc|Co|Corp|Ltd|No|vs|St)\.$")
_BYLINE = re.compile(
    r"\W*(?:by|von|par|por|di|da|door|af|av|przez|autore?|author|автор|авторы|текст|yazan|oleh|penulis|bởi|"
    r"reporting by|written by|text|texte|texto|testo|كتب|كتبت|بقلم|מאת|द्वारा|लेखक)(?:\s*:\s*|\s+)\S",
    re.IGNORECASE,
)
_BYLINE_EAST = re.compile(
    r"(?:文|撰文|作者|记者|記者|本报记者|글|기자)\s*[:：/／|]?\s*\S{2,12}$|^\S{2,12}\s*(?:记者|記者|기자)(?:\s|$)"
)
# A credit in brackets behind a gap: how a caption comes out when it is copied; a paragraph has one space there.
_CREDIT = re.compile(r"\s\s[(（\[][^()（）\[\]]{2,119}[^()（）\[\].!?。！？][)）\]]$")
_LABEL = re.compile(r"\W{0,3}[^\W\d_]{1,12}\s?[:：]\s?|(?:本报|本報)?(?:记者|記者|作者|文|기자)\s+")
# A credit by its own words: "(Photo: Ann Lee)", "(AP Photo/Ann Lee)", "(Ann Lee/Getty)", not "(see photo)".
_PHOTO = re.compile(
    r"[(（\[]\s?(?:"
    r"(?:[^\W\d_]{1,12}\s)?(?:photos?|images?|picture|fotos?|bild|imagen|crédit|credit|фото|fotoğraf|ảnh|صورة|צילום|चित्र)"
    r"\s?(?:[:：/]|(?:by|via|von|par|por|de|di)\s)[^()（）\[\]]*|"
    r"courtesy\s[^()（）\[\]]*|"
    r"[^()（）\[\]]*(?:\bvia (?:ap|afp|reuters)\b|\bgetty\b|/\s?(?:ap|afp|reuters|epa|dpa)\b)[^()（）\[\]]*|"
    r"[^()（）\[\]]{0,30}(?:写真|寫真|照片|供图|供圖|사진)[^()（）\[\]]{0,30}"
    r")[)）\]]$|"
    r"^(?:photo|image|picture|foto|bild|imagen|фото|写真|사진)\s?[:：]",
    re.IGNORECASE,
)


_DIVIDERS = re.compile(r"\s*[|·•]\s*|\s+[/–—]\s+")

_PARTICLES = frozenset((
    "de", "da", "di", "do", "du", "dos", "des", "del", "della", "van", "von", "der", "den", "bin", "al", "el", "y",
    "ten", "ter", "la", "le",
))  # fmt: skip
_ARTICLES = frozenset((
    "the", "la", "le", "el", "il", "lo", "der", "die", "das", "les", "los", "las", "o", "a", "os", "as", "het", "de",
    "den",
))  # fmt: skip


class _Kind(Enum):
    DATE = "date-line"
    BYLINE = "byline"
    MIXED = "byline and date"
    PHOTO = "photo"
    """A caption by its own words, wherever it stands."""
    CREDIT = "credit"
    """Ends in brackets as a caption does: one only where it stands above the text."""
    SHORT = "second-headline"
    PROSE = "prose"


_CAPTIONS = frozenset({_Kind.PHOTO, _Kind.CREDIT})
_NAMED = frozenset({_Kind.BYLINE, _Kind.DATE, _Kind.MIXED})
"""What says who wrote it, or when."""


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    block: int
    """Lines of a block follow each other without an empty line."""
    kind: _Kind


@dataclass(slots=True)
class _Front:
    """What stands between the title and the text."""

    summary: str | None = None
    bylines: list[str] = field(default_factory=list)
    published: datetime | None = None
    modified: datetime | None = None
    removed: list[Removal] = field(default_factory=list)


class ReadCopied:
    """Makes an article of a page of form COPIED; its body is text, UTF-8 unless its first bytes say otherwise.

    Args:
        rules: the line rules that take the footer and what stands among the paragraphs.
    """

    def __init__(self, rules: LineRules) -> None:
        self._rules = rules

    def __call__(self, page: Page) -> Article:
        """Return the article. What the text does not tell is taken from the page's hint.

        Raises:
            Skip: there is no text at all.
        """
        blocks = _blocks(decoded(page.body))
        if not blocks:
            raise Skip(Reason.EMPTY)
        title, lines = _title(blocks)
        front, body = _divided(lines)
        text = "\n".join(line.text for line in body if line.kind is not _Kind.PHOTO)
        hint = page.hint
        spoken = language.decide(hint.language, f"{title}\n{text}")
        text, removed = self._rules.apply(text, title=title or None, language=spoken, host=host_of(page.url))
        captions = [Removal(rule="caption", text=line.text) for line in body if line.kind is _Kind.PHOTO]
        authors = names(_people(byline) for byline in front.bylines)
        told: dict[str, object] = {"title": title, "authors": authors, "summary": front.summary}
        told |= {"published": front.published, "modified": front.modified}
        article = Article(
            title=title or hint.title or "",
            text=text,
            url=page.url,
            canonical_url=canonical_url(page.url),
            summary=front.summary or hint.summary,
            authors=authors or hint.authors,
            published=front.published or hint.published,
            modified=front.modified or hint.modified,
            language=spoken,
            removed=(*front.removed, *captions, *removed),
            text_source=page.text_source,
        )
        own = {name: provenance.TEXT for name, value in told.items() if value}
        return provenance.of_hint(article, hint.language, own)


def decoded(body: bytes) -> str:
    """Return the text: by its byte order mark, else as UTF-8, else as windows-1252, which reads any bytes."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = body.decode("utf-16", "replace")
    else:
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = body.decode("cp1252", "replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n").replace("\u2028", "\n")
    return _CONTROLS.sub("", text).replace("\u2029", "\n\n")


def _blocks(text: str) -> list[list[str]]:
    """Return the lines between empty lines, those of hard-wrapped paragraphs joined."""
    blocks: list[list[str]] = [[]]
    for line in text.split("\n"):
        if stripped := line.strip():
            blocks[-1].append(stripped)
        elif blocks[-1]:
            blocks.append([])
    found = [block for block in blocks if block]
    return [[" ".join(block)] if _is_wrapped(block) else block for block in found]


def _is_wrapped(block: Sequence[str]) -> bool:
    """Tell a paragraph broken at some 72 columns from lines that stand for themselves."""
    inner = block[:-1]
    if len(inner) < 2 or max(map(len, block)) > 100:
        return False
    full = [line for line in inner if len(line) >= 50]
    return len(full) == len(inner) and sum(bool(_ENDS.search(line)) for line in inner) * 3 <= len(inner)


def _title(blocks: Sequence[Sequence[str]]) -> tuple[str, list[_Line]]:
    """Return the title ('' where the text begins at once) and the classified lines below it."""
    flat = [(line, number) for number, block in enumerate(blocks) for line in block]
    first = flat[0][0]
    has_title = is_title(first)
    rest = flat[1:] if has_title else flat
    lines = [
        _Line(text, block, _kind(text) if n < 2 * FRONT_LINES else _kind_below(text))
        for n, (text, block) in enumerate(rest)
    ]
    return (" ".join(first.split()) if has_title else ""), lines


def is_title(line: str) -> bool:
    """Tell whether a first line can be a headline: not long, and not ending like a sentence (a question may)."""
    if len(line) > LONGEST_TITLE or date_line(line) is not None:
        return False
    return not _FULL_STOP.search(line) or _INITIALS.search(line) is not None


def _kind(line: str) -> _Kind:
    if len(line) > LONGEST_CAPTION:
        return _Kind.PROSE
    return _named_kind(line) or _other_kind(line)


def _named_kind(line: str) -> _Kind | None:
    if date_line(line) is not None:
        return _Kind.DATE
    if len(parts := _parts(line)) > 1 and any(date_line(part) for part in parts):
        return _Kind.MIXED
    if _is_byline(line):
        return _Kind.BYLINE
    return None


def _other_kind(line: str) -> _Kind:
    if _PHOTO.search(line):
        return _Kind.PHOTO
    if _CREDIT.search(line):
        return _Kind.CREDIT
    return _Kind.SHORT if len(line) <= LONGEST_TITLE and not _ENDS.search(line) else _Kind.PROSE


def _kind_below(line: str) -> _Kind:
    """Return the kind of a line too far down to be anything but text or a caption by its own words."""
    return _Kind.PHOTO if len(line) <= LONGEST_CAPTION_BELOW and _PHOTO.search(line) else _Kind.PROSE


def _is_byline(line: str) -> bool:
    if len(line) > LONGEST_BYLINE or _ENDS.search(line):
        return False
    if not (_BYLINE.match(line) or _BYLINE_EAST.search(line)):
        return False
    # "By the sea, a town waits" is a headline: a name has capitals, where its script has them.
    words = [word for word in re.findall(r"[^\W\d_]{2,}", line)[1:] if word.lower() != word.upper()]
    capital = [word for word in words if word[0].isupper()]
    return len(capital) * 2 >= len(words) and bool(names([line]))


def _people(byline: str) -> str:
    """Return a byline without the outlet behind the name: "By Ann Lee, The Harbour Gazette".

    What follows a comma is a person only if it looks like one: two to five words with capitals, without an article.
    """
    first, *others = re.split(r"\s*,\s*", byline)
    label = _LABEL.match(first)
    return ", ".join([first[label.end() :] if label else first, *filter(_is_person, others)])


def _is_person(part: str) -> bool:
    words = part.split()
    if not 2 <= len(words) <= 5 or words[0].lower() in _ARTICLES:
        return False
    return all(word[0].isupper() or word in _PARTICLES for word in words)


def _divided(lines: Sequence[_Line]) -> tuple[_Front, list[_Line]]:
    """Tell what stands above the text from the text."""
    front = _Front()
    end = _last_of_front(lines)
    for line in lines[:end]:
        _take(front, line)
    if end == 0 and len(lines) > 1 and _is_dek(lines[0], lines[1]):
        front.summary, end = lines[0].text, 1
    while end < len(lines) and _belongs_above(lines, end):
        _take(front, lines[end])
        end += 1
    return front, list(lines[end:])


def _last_of_front(lines: Sequence[_Line]) -> int:
    """Return how many lines reach down to the last byline or date line that stands above the text."""
    end = strays = 0
    for number, line in enumerate(lines[:FRONT_LINES], 1):
        if line.kind in _NAMED:
            end = number
        elif line.kind not in _CAPTIONS:
            strays += 1
            if strays > STRAY_LINES:
                break
    return end


def _belongs_above(lines: Sequence[_Line], place: int) -> bool:
    """Tell whether a line below the byline is still no text: a caption, or a headline set over the caption or the text.

    A short line in a block of its own may be the text's first heading, so it must touch the front or a caption.
    """
    line = lines[place]
    after = lines[place + 1] if place + 1 < len(lines) else None
    if line.kind is _Kind.PHOTO or line.kind in _NAMED:
        return True
    if line.kind is _Kind.CREDIT:
        return after is not None and place > 0  # the only paragraph there is may well end in brackets
    if line.kind is not _Kind.SHORT or after is None or place == 0:
        return False
    touches = line.block == lines[place - 1].block and lines[place - 1].kind in _NAMED
    return touches or (after.kind in _CAPTIONS and after.block == line.block)


def _is_dek(line: _Line, after: _Line) -> bool:
    return line.kind is _Kind.SHORT and len(line.text) >= 20 and after.kind in {_Kind.PROSE, *_CAPTIONS}


def _take(front: _Front, line: _Line) -> None:
    if line.kind in _NAMED:
        for part in _parts(line.text) if line.kind is _Kind.MIXED else [line.text]:
            _take_named(front, part)
    elif line.kind in _CAPTIONS:
        front.removed.append(Removal(rule="caption", text=line.text))
    elif front.summary is None and not front.bylines and front.published is None:
        front.summary = line.text
    else:
        front.removed.append(Removal(rule="second-headline", text=line.text))


def _take_named(front: _Front, part: str) -> None:
    """Take a date, a name, or what stands beside them: an outlet, a reading time."""
    if (dates := date_line(part)) is not None:
        front.published = front.published or dates.published
        front.modified = front.modified or dates.modified
    elif _is_byline(part) or _is_person(part):
        front.bylines.append(part)
    else:
        front.removed.append(Removal(rule="byline", text=part))


def _parts(line: str) -> list[str]:
    """Divide "By Ann Lee, May 2, 2024 | Harbour Gazette" into its parts; any other line is one part."""
    if len(line) > LONGEST_BYLINE or _ENDS.search(line):
        return [line]
    parts: list[str] = []
    for part in filter(None, _DIVIDERS.split(line)):
        commas = [match.start() for match in re.finditer(", ", part)]
        cut = next((at for at in commas if date_line(part[at + 2 :]) and _is_named(part[:at])), None)
        parts += [part] if cut is None else [part[:cut], part[cut + 2 :]]
    return parts


def _is_named(text: str) -> bool:
    return _is_byline(text) or _is_person(text)
