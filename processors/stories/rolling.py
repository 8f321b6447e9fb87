"""Titles of pages that are about whatever happens: live pages, tickers, briefings, pictures of the day."""

from __future__ import annotations

import re

_ROLLING = re.compile(
    # What a title begins with, or has before a colon or a bar.
    r"^(?:\W*(?:the )?(?:live|latest|ticker|liveblog|liveticker|en direct|direct|en vivo|ao vivo|in diretta|diretta|"
    r"онлайн|na żywo|canlı|مباشر|trực tiếp|实时|直播|速報|라이브)\b\W*[:：|\-–—]|"
    r"[^:|]{2,40}\b(?:live|latest|live updates)\s*[:：|])|"
    # What it says anywhere.
    r"\b(?:live ?blog|live ?ticker|live updates?|latest updates|minute par minute|minuto a minuto|"
    r"updates? as (?:it|they) happen|as it happened|what (?:we|you need to) know|what to know|things to know|"
    r"news (?:briefs?|briefing|in brief|roundup|quiz)|morning briefing|evening briefing|daily briefing|"
    r"week in (?:pictures|review)|(?:day )?in (?:pictures|photos)|en images|in bildern|en imágenes|"
    r"photos of the (?:day|week))\b|"
    # What it ends with.
    r"[-–—|:：]\s*(?:live|latest|as it happened)\W*$",
    re.IGNORECASE,
)


def is_rolling(title: str) -> bool:
    """Say whether a title is of a page that tells many events: it may join a story, but is none by itself."""
    return _ROLLING.search(title) is not None
