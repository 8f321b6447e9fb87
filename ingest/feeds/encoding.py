"""Bytes to UTF-8, once, for every format: the order of `processors.extract.charset`, and what only XML has.

feedparser would do it too, but it hands any label to Python's codecs: `undefined` and `idna` raise out of it.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from ingest.feeds.errors import EmptyFeedError, UnreadableFeedError
from processors.extract.charset import to_utf8

# What a first "<?" or "<" looks like without a byte order mark (XML 1.0, appendix F); longest first.
_PATTERNS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DECLARED: Final = re.compile(rb"\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE)
# Python codecs that are no charset: no honest feed names one, and utf-7 hides markup.
_NO_CHARSET: Final = re.compile(
    rb"undefined|idna|punycode|utf[-_]?7|(?:raw[-_])?unicode[-_]escape|(?:zlib|bz2|hex|base64|uu|quopri|rot_?13)\w*",
    re.IGNORECASE,
)


def utf8(body: bytes, content_type: str | None) -> bytes:
    """Return the document as UTF-8 without byte order mark and control characters.

    Raises:
        EmptyFeedError: nothing but white space.
        UnreadableFeedError: the declared encoding is no charset.
    """
    declared = _DECLARED.match(body)
    if declared and _NO_CHARSET.fullmatch(declared[1]):
        raise UnreadableFeedError(f"declares the encoding {declared[1].decode()!r}, which is no charset")
    for start, charset in _PATTERNS:
        if body.startswith(start):
            body = body.decode(charset, "replace").encode("utf-8", "replace")
            break
    text, _ = to_utf8(body, content_type)
    text = text.strip().removeprefix(codecs.BOM_UTF8)
    if not text:
        raise EmptyFeedError("nothing but white space" if body else "no bytes")
    return text
