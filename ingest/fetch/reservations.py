"""Whether a publisher reserves a document against text and data mining, as data: nothing is refused here.

Read are the W3C's TDM Reservation Protocol (`tdm-reservation`, header and meta), the `noai` and `noimageai` words of
X-Robots-Tag and the robots meta element, and robots.txt groups that name collectors of training data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.fetch.messages import Headers

AGENTS = frozenset(
    {"ai2bot", "amazonbot", "anthropic-ai", "applebot-extended", "bytespider", "ccbot", "claudebot", "cohere-ai"}
    | {"diffbot", "facebookbot", "google-extended", "gptbot", "imagesiftbot", "meta-externalagent", "omgili"}
    | {"omgilibot", "perplexitybot", "timpibot", "webzio-extended"}
)
"""Product tokens, lower case, that publishers name to keep their texts out of training data."""
_HEAD_BYTES = 131_072
_META = re.compile(rb"<meta\s[^<>]{1,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z-]{1,20})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_WORDS = frozenset({"noai", "noimageai"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What a publisher reserves; everything empty: nothing."""

    tdm: bool | None = None
    """`tdm-reservation`: True for 1, False for 0, None where it is not said."""
    policy: str | None = None
    """`tdm-policy`: the URL of the terms."""
    words: tuple[str, ...] = ()
    """`noai`, `noimageai`."""
    agents: tuple[str, ...] = ()
    """Collectors of training data that robots.txt keeps from this document by name."""


def reservation(headers: Headers, body: bytes, agents: tuple[str, ...] = ()) -> Reservation:
    """Return what the headers, the document's meta elements and robots.txt reserve.

    The document's own word goes before the header's (TDMRep §4).

    Args:
        headers: of the response.
        body: HTML, or anything else.
        agents: what `Rules.reserved_against` says.
    """
    metas = list(_metas(body[:_HEAD_BYTES]))
    said = {name: value for name, value in reversed(metas) if name.startswith("tdm-")}
    tdm = said.get("tdm-reservation", headers.get("tdm-reservation", "")).strip()
    policy = said.get("tdm-policy", headers.get("tdm-policy", "")).strip()
    robots = [*headers.all("x-robots-tag"), *(value for name, value in metas if name == "robots")]
    words = {word for value in robots for word in re.split(r"[\s,:;]+", value.lower())}
    return Reservation(
        tdm={"1": True, "0": False}.get(tdm), policy=policy or None, words=tuple(sorted(words & _WORDS)), agents=agents
    )


def _metas(html: bytes) -> Iterator[tuple[str, str]]:
    for element in _META.findall(html):
        found = _ATTRIBUTE.finditer(element.decode("utf-8", "replace"))
        attributes = {each[1].lower(): unescape(each[2] or each[3] or each[4] or "") for each in found}
        if "name" in attributes:
            yield attributes["name"].strip().lower(), attributes.get("content", "")
