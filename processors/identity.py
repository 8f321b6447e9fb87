"""A document's canonical URL and its stable key.

The rules of `canonical_url` are documented in `docs/records.md`; each keeps the URL fetchable (RFC 3986 §6.2
normalisation, without the scheme- or site-specific guesses that could merge two articles).
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import unicodedata
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

from tld import get_fld

TRACKING = (
    *("utm_*", "mtm_*", "hsa_*", "guce_*", "oly_*", "vero_*", "__hs*"),
    *("pk_campaign", "pk_kwd", "pk_keyword", "pk_source", "pk_medium", "pk_content", "pk_cid", "piwik_*"),
    *("at_medium", "at_campaign*", "at_link_*", "at_bbc_*", "at_ptr_*", "at_format", "_ga", "_gl", "_openstat"),
    *("fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "gad_source", "gad_campaignid", "srsltid"),
    *("msclkid", "yclid", "ysclid", "twclid", "ttclid", "igshid", "igsh", "li_fat_id", "epik", "wickedid"),
    *("mc_cid", "mc_eid", "_hsenc", "_hsmi", "mkt_tok", "wt_mc", "xtor", "cmpid", "ns_campaign", "ns_mchannel"),
    *("ns_source", "ns_linkname", "ns_fee", "soc_src", "soc_trk", "sr_share", "smid", "spm", "ocid", "ito"),
    "tracking_referrer",
)
"""Query parameters that say how a reader came, not what is read: dropped from canonical URLs, in any case of letters.

A `*` stands for any letters, digits and `_`, or for none.
"""
_TRACKING = re.compile("|".join(name.replace("*", r"\w*") for name in TRACKING), re.IGNORECASE | re.ASCII)

DEFAULT_PORTS = {"http": 80, "https": 443}
# A "%" that begins no escape is itself escaped, or undoing escapes could make a new one of it and what follows.
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})?")
# What quote() leaves as it is in a path or query: RFC 3986 pchar, "/", "?", the "%" of what is quoted already, and
# "[", "]" and "|", which the RFC would have escaped but browsers send as they are.
_SAFE = "%/?:@!$&'()*+,;=~-._[]|"
_SURROGATES = re.compile("[\ud800-\udfff]")
# Host names as the DNS has them, and with the "_" that some use all the same.
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*", re.ASCII)
# IDNA 2008 keeps these four as they are, IDNA 2003 (which Python's codec is) makes another name of them.
_DEVIATIONS = re.compile("[\u00df\u03c2\u200c\u200d]")


def canonical_url(url: str | None, declared: str | None = None) -> str | None:
    """Return the URL that names the document, or None where there is none.

    Args:
        url: the final URL, after redirects.
        declared: the page's `rel=canonical`; believed only if it has the same registrable domain as `url` and is not
            the root of its site, since many sites name their front page by mistake.
    """
    final = normalised(url)
    if final is None:
        # A saved page tells its own address best; there is nothing to hold it against.
        named = normalised(declared)
        return None if named is None or _is_root(named) else named
    if not declared:
        return final
    named = normalised(_joined(final, declared))
    if named is None or not _same_site(final, named) or _is_root(named):
        return final
    return named


def normalised(url: str | None) -> str | None:
    """Return the http(s) URL in normal form, or None where it is not one.

    Lower-case scheme and host (IDNA), no user name or password, no default port, no fragment, dot segments resolved,
    percent escapes upper case and only where needed, tracking parameters dropped; the order of the others is kept.
    What it returns it returns unchanged when asked again.
    """
    try:
        parts = urlsplit(_SURROGATES.sub("\ufffd", url or "").strip())
        host, port = _host(parts), parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or host is None:
        return None
    if port is not None and port != DEFAULT_PORTS[parts.scheme]:
        host = f"{host}:{port}"
    return urlunsplit(SplitResult(parts.scheme, host, _path(parts.path), _query(parts.query), ""))


def resolved(base: str, reference: str) -> str:
    """Return a reference in a document as an absolute URL (RFC 3986 §5.2).

    Raises:
        ValueError: it is none.
    """
    parts = urlsplit(reference)
    if not parts.netloc:
        return urljoin(base, reference)
    # `urljoin` would drop a ";" at the end of its path, and name another document.
    return parts._replace(scheme=parts.scheme or urlsplit(base).scheme).geturl()


def untracked(reference: str) -> str:
    """Return a URL, absolute or not, without tracking parameters; all else stays, the fragment too."""
    start, _, rest = reference.partition("?")
    query, hash_mark, fragment = rest.partition("#")
    pairs = query.split("&")
    kept = [pair for pair in pairs if not _tracks(pair)]
    if len(kept) == len(pairs):
        return reference
    return start + ("?" + "&".join(kept) if kept else "") + hash_mark + fragment


def record_id(canonical: str | None, document_id: str | None, title: str, text: str) -> str:
    """Return the record's key: 32 hexadecimal digits of a SHA-256.

    Of the canonical URL (http and https alike, so that a site's move to TLS keeps its keys); without one of the
    document's own id; without that of title and text.
    """
    if canonical is not None:
        name = "url:" + re.sub(r"^https?://", "", canonical)
    elif document_id is not None:
        name = "document:" + document_id
    else:
        name = "content:" + content_digest(title, text)
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def content_digest(title: str, text: str) -> str:
    """Return 32 hexadecimal digits that are equal for equal title and text, whatever their white space."""
    words = " ".join(title.split()) + "\n" + " ".join(text.split())
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def host_of(url: str | None) -> str | None:
    """Return the URL's host name in lower case, or None."""
    try:
        return urlsplit(url or "").hostname
    except ValueError:
        return None


def site_of(url: str | None) -> str | None:
    """Return what all URLs have in common that `canonical_url` could give to pages of one site; None without a URL.

    The registrable domain. A bare address is told apart by its port: it is one machine of many services, or a test.
    """
    name = normalised(url)
    if name is None:
        return None
    domain = _registrable(name)
    return urlsplit(name).netloc if domain == host_of(name) and _is_address(domain) else domain


def _joined(base: str, reference: str) -> str | None:
    try:
        return resolved(base, reference.strip())
    except ValueError:
        return None


def _host(parts: SplitResult) -> str | None:
    """Return the host as it stands in a URL, or None for none that could be asked.

    Raises:
        ValueError: no address in the brackets, or a label that IDNA refuses.
    """
    if "\\" in parts.netloc:  # a browser would end the host here, urlsplit does not: no place to be clever
        return None
    name = parts.hostname or ""
    if len(name) > 254:  # with the final dot; IDNA takes seconds for a name as long as a page
        return None
    if "[" in parts.netloc:
        address = ipaddress.IPv6Address(name)
        return None if address.scope_id else f"[{address.compressed}]"
    labels = re.split(r"[.\u3002\uff0e\uff61]", name)  # what IDNA (RFC 3490 §3.1) takes for dots
    ascii_name = ".".join(label if label.isascii() else _encoded(label) for label in labels).lower().removesuffix(".")
    return ascii_name if _HOST.fullmatch(ascii_name) else None


def _encoded(label: str) -> str:
    if _DEVIATIONS.search(label):
        return "xn--" + unicodedata.normalize("NFKC", label.lower()).encode("punycode").decode("ascii")
    return label.encode("idna").decode("ascii")


def _path(path: str) -> str:
    return _dots(quote(_escapes(path), safe=_SAFE)) or "/"


def _query(query: str) -> str:
    pairs = _escapes(query).split("&")
    kept = [pair for pair in pairs if pair and not _tracks(pair)]
    return quote("&".join(kept), safe=_SAFE)


def _tracks(pair: str) -> bool:
    return _TRACKING.fullmatch(pair.partition("=")[0]) is not None


def _escapes(text: str) -> str:
    """Upper-case percent escapes, and undo those of unreserved characters (RFC 3986 §6.2.2)."""

    def settled(match: re.Match[str]) -> str:
        if match[1] is None:
            return "%25"
        character = unquote(match[0])
        return character if character.isascii() and (character.isalnum() or character in "-._~") else match[0].upper()

    return _PERCENT.sub(settled, text)


def _dots(path: str) -> str:
    """Resolve `.` and `..` segments (RFC 3986 §5.2.4)."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")
    for place, segment in enumerate(segments):
        last = place == len(segments) - 1
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
            continue
        if last:
            kept.append("")
    return "/".join(kept)


def _same_site(one: str, other: str) -> bool:
    return _registrable(one) == _registrable(other)


def _is_address(host: str) -> bool:
    return host.rpartition(".")[2].isdigit() or ":" in host


def _registrable(url: str) -> str:
    domain = get_fld(url, fail_silently=True, fix_protocol=False)
    host = host_of(url) or ""
    if isinstance(domain, str) or _is_address(host):
        return domain if isinstance(domain, str) else host
    return ".".join(host.split(".")[-2:])  # a name that no public suffix covers, as in a private network


def _is_root(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path in {"", "/"} and not parts.query
