"""From trafilatura's rendering to the paragraph contract: paragraphs joined by one newline, and nothing else."""

from __future__ import annotations

import re
import unicodedata

_RULE_OF_TABLE = re.compile(r"\|(?:\s*:?-{3,}:?\s*\|)+")
# Format characters that no reader sees; soft hyphens and zero-width marks split words for every search.
_INVISIBLE = re.compile(
    "[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff]|(?![\t\n])[\x00-\x1f\x7f-\x9f]"
)
_TERMINATORS = re.compile("[\r\n\x0b\x0c\x85\u2028\u2029]+")


def paragraphs(text: str) -> str:
    """Return the text in NFC, one paragraph a line, without empty lines, table markup and invisible characters."""
    lines = (_line(line) for line in _TERMINATORS.split(unicodedata.normalize("NFC", text)))
    return "\n".join(line for line in lines if line)


def one_line(text: str | None) -> str | None:
    """Return a metadata value in NFC on one line, or None where nothing is left."""
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFC", text or "")).split()) or None


def _line(line: str) -> str:
    line = " ".join(_INVISIBLE.sub("", line).split())
    if line.startswith("|") and line.endswith("|"):
        if _RULE_OF_TABLE.fullmatch(line):
            return ""
        return " | ".join(cell.strip() for cell in line.strip("|").split("|") if cell.strip())
    return "" if line in {"-", "•", "*"} else line
