"""Bytes to clean UTF-8: which charset a page is in, decided in a documented order.

1. a byte order mark;
2. UTF-8, if the bytes are valid UTF-8 and hold more than ASCII: other charsets give valid UTF-8 by accident about
never,    while labels are wrong every day;
3. the charset of the HTTP header;
4. the charset of a `meta` tag (or XML declaration) in the first 4,096 bytes;
5. the content: the multi-byte charset whose decoding has the fewest errors and the most everyday characters;
   windows-1252 for text with a few western letters; else `charset-normalizer`'s guess; else windows-1252.

A label of step 3 or 4 counts only if the bytes agree with it: at most one error in 500 characters and, in Chinese,
Japanese and Korean, not only rare characters. Labels mean what
browsers take them to mean (WHATWG Encoding Standard: `gb2312` is GB18030, `iso-8859-1` is windows-1252 ...); unknown
ones and those that no page may use (utf-7, replacement) are passed over.
"""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
HEAD_BYTES = 4096
SAMPLE_BYTES = 65_536
MAX_ERRORS = 1 / 500

_CP1252 = (
    "ascii",
    "us-ascii",
    "iso-8859-1",
    "iso8859-1",
    "iso_8859-1",
    "latin1",
    "latin-1",
    "l1",
    "cp1252",
    "x-cp1252",
)
_ALIASES = {
    **dict.fromkeys(("gb2312", "gb_2312-80", "gbk", "x-gbk", "cp936", "chinese", "euc-cn", "gb18030"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs", "x-x-big5", "cn-big5", "cp950"), "big5hkscs"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji", "windows-31j", "cp932"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "ks_c_5601", "ksc5601", "korean", "windows-949", "cp949"), "cp949"),
    **dict.fromkeys(_CP1252, "windows-1252"),
    **dict.fromkeys(("iso-8859-9", "latin5"), "windows-1254"),
    **dict.fromkeys(("tis-620", "iso-8859-11", "windows-874"), "cp874"),
    **dict.fromkeys(("utf8", "unicode-1-1-utf-8", "x-unicode20utf8"), "utf-8"),
    **dict.fromkeys(("utf-16", "unicode", "ucs-2"), "utf-16-le"),
    **dict.fromkeys(("x-mac-cyrillic", "x-mac-ukrainian"), "mac-cyrillic"),
    **dict.fromkeys(("macintosh", "x-mac-roman"), "mac-roman"),
}
# What browsers know beside the aliases; anything else (utf-7, zlib, idna ...) is not a page's charset.
_KNOWN = re.compile(
    r"utf-8|utf-16[lb]e|utf-16-[lb]e|windows-125[0-8]|iso-8859-(?:[2-8]|1[03-6])|koi8-[ru]|euc-jp|iso-2022-jp|ibm866"
)
_LABEL = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE | re.ASCII)
_META = re.compile(rb"<meta\s[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_XML = re.compile(rb"^\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE)
_MULTIBYTE = ("gb18030", "big5hkscs", "cp932", "euc-jp", "cp949")
# The commonest characters of Chinese (both scripts), Japanese and Korean text: a wrong decoding yields rare ones.
_EVERYDAY = frozenset(
    "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都然没"
    "日起还发成事只作当想看文无开手十用主行方又如前所本见经頭面公同三己老從動兩長這來國個說們為時會過對裡後麼"
    "のにはをたがでてとしれさいるなっこもあらりかきくそまよすせんアイウエオカキクケコサシスセソタチツテトナニネノハヒフヘホマミムメモラリルレロワンー"
    "이다는의에을가은하고도지를한로기사어자리인시서해정대나그들과있수일보게만부원전장주제"
)
_SCRIPT = re.compile(rb"<(script|style)\b")
_MARKUP = re.compile(rb"<[^<>]{0,2000}>")
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_WESTERN = frozenset("éèêëàâäáãåçîïíìñôöóòõøùûüúßæœÉÈÀÄÖÜÇÁÓÚÍÑØÅÊ«»“”‘’„–—…€©®°ºª¿¡·§£\xa0\xad")
# NUL and the other C0 controls but white space; no text means them, and XML, so lxml, cannot hold them. Form feed
# becomes a space.
_C0 = bytes(code for code in range(32) if code not in {9, 10, 12, 13}) + b"\x7f"
_FORM_FEED = bytes.maketrans(b"\x0c", b" ")


def to_utf8(body: bytes, content_type: str | None) -> tuple[bytes, str]:
    """Return the page as valid UTF-8 without control characters, and the charset it was read as.

    Bytes that fit nothing become U+FFFD, lone surrogates too.
    """
    charset = _charset(body, content_type)
    for mark, _ in BOMS:
        body = body.removeprefix(mark)
    if charset != "utf-8" or not _is(body, "utf-8"):
        body = body.decode(charset, "replace").encode("utf-8", "replace")
    return body.translate(_FORM_FEED, _C0), charset


def known(label: str | None) -> str | None:
    """Return the Python codec that browsers use for a label, or None where no page may be in it."""
    name = (label or "").strip().lower()
    name = _ALIASES.get(name, name)
    return name if _KNOWN.fullmatch(name) or name in _ALIASES.values() else None


def _charset(body: bytes, content_type: str | None) -> str:
    for mark, name in BOMS:
        if body.startswith(mark):
            return name
    if body.isascii():
        return _escaped(body, content_type)
    if _is(body, "utf-8"):
        return "utf-8"
    for name in _declared(body, content_type):
        if _agrees(body, name):
            return name
    return _guess(body)


def _escaped(body: bytes, content_type: str | None) -> str:
    """Return the charset of an all-ASCII page: ISO-2022-JP hides its characters behind escapes."""
    return "iso-2022-jp" if b"\x1b$" in body and "iso-2022-jp" in _declared(body, content_type) else "utf-8"


def _declared(body: bytes, content_type: str | None) -> list[str]:
    head = body[:HEAD_BYTES]
    header = _LABEL.search(content_type or "")
    labels = [header[1] if header else None]
    labels += [match[1].decode("ascii", "replace") for match in (_META.search(head), _XML.search(head)) if match]
    return [name for name in map(known, labels) if name is not None]


def _is(body: bytes, charset: str) -> bool:
    try:
        body.decode(charset)
    except UnicodeDecodeError:
        return False
    return True


def _agrees(body: bytes, charset: str) -> bool:
    if charset.startswith("utf-16"):
        return b"\x00" in body[:HEAD_BYTES] and _is(body[: len(body) // 2 * 2], charset)
    text = body.decode(charset, "replace")
    if text.count("\ufffd") > len(text) * MAX_ERRORS:
        return False
    sample = _beyond_ascii(body)
    return charset not in _MULTIBYTE or len(sample) < 200 or _everyday(sample, charset) > 0.05


def _guess(body: bytes) -> str:
    if _damaged_utf8(body):
        return "utf-8"
    sample = _beyond_ascii(body)
    best = max(_MULTIBYTE, key=lambda name: _everyday(sample, name))
    if _everyday(sample, best) > 0.2:
        return best
    if _is_western(_visible(body)[:SAMPLE_BYTES]):
        return "windows-1252"
    found = from_bytes(_visible(body)[:SAMPLE_BYTES]).best()
    return (found and known(found.encoding.replace("_", "-").replace("cp125", "windows-125"))) or "windows-1252"


def _beyond_ascii(body: bytes) -> bytes:
    """Return the runs of text beyond ASCII, with the ASCII bytes that multi-byte characters may end in."""
    return b"".join(re.findall(rb"[^\x00-\x7f]+(?:[ -~][^\x00-\x7f]+)*", _visible(body)[:SAMPLE_BYTES]))


def _is_western(sample: bytes) -> bool:
    """Tell western text in windows-1252: few letters beyond ASCII, nearly all of them French, German, Spanish ..."""
    beyond = [character for character in sample.decode("windows-1252", "replace") if character > "\x7f"]
    letters = sum(1 for byte in sample if 65 <= byte <= 122)
    return len(beyond) < 0.15 * letters and sum(1 for one in beyond if one in _WESTERN) >= 0.98 * len(beyond)


def _visible(body: bytes) -> bytes:
    """Return the page without scripts, styles and tags, so that a guess sees the text; in linear time."""
    lower = body.lower()
    kept: list[bytes] = []
    position = 0
    for opening in _SCRIPT.finditer(lower):
        if opening.start() < position:
            continue
        kept.append(body[position : opening.start()])
        end = lower.find(b"</" + opening[1], opening.end())
        position = len(body) if end < 0 else end
    kept.append(body[position:])
    return _MARKUP.sub(b" ", b"".join(kept))


def _damaged_utf8(body: bytes) -> bool:
    """Tell UTF-8 with a few bad bytes (a cut character, a pasted quote, surrogates) from another charset."""
    if _is(_SURROGATE.sub(b"", body), "utf-8"):
        return True
    text = body.decode("utf-8", "replace")
    beyond = sum(1 for character in text if character > "\x7f")
    return text.count("\ufffd") * 5 < beyond


def _everyday(sample: bytes, charset: str) -> float:
    """Return the share of everyday characters, less four times that of errors."""
    text = sample.decode(charset, "replace")
    if not text:
        return 0.0
    common = sum(1 for character in text if character in _EVERYDAY)
    return (common - 4 * text.count("\ufffd")) / len(text)
