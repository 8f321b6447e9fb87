"""A guess at the language of a Latin-script text, from its function words.

Only needed where a phrase is gated to one language (Spanish "rusa", Vietnamese "Nga"), and more trustworthy there than
what a page declares: templates say `lang="en"` above articles of every language.
"""

from __future__ import annotations

import re

_WORDS = re.compile(r"[^\W\d_]+")
_SAMPLE = 2_000
"""Characters looked at."""

_FUNCTION_WORDS = {
    "en": "the of and to in a is that for on was with as at by from it he are his has have an be said",
    "es": "el la de que y en los del las por con una un para se su al lo como más fue está sus no es",
    "fr": "le la de les et des en un une du que est dans pour qui sur par au pas plus avec ce il ont aux",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an am",
    "pt": "de a o que e do da em um para com não uma os no se na por mais as dos como ao foi das é são",
    "it": "di che e la il un per in una del è non sono della con i si le da al alla dei nel ha gli più",
    "nl": "de het een van en in is op te dat die voor met zijn niet aan er om ook als bij werd door naar",
    "tr": "ve bir bu da de için ile olarak çok daha olan gibi kadar en ise sonra ne ya göre oldu var",
    "id": "yang dan di dari untuk dengan ini itu pada tidak dalam akan ke oleh juga telah sebagai adalah",
    "vi": "và của là có trong cho được với không các một những đã này để người từ khi đến về ở",
    "pl": "w i na z do że się nie jest o jak po za od przez to dla są przy oraz ale czy tym jego",
    "sv": "och i att det som en på är av för med den till inte har de ett om var från men vid",
}
_LISTS = {code: frozenset(words.split()) for code, words in _FUNCTION_WORDS.items()}


def guess(folded: str) -> str | None:
    """The likeliest language, or None where fewer than two function words speak for it or another comes as close."""
    words = _WORDS.findall(folded[:_SAMPLE])
    counts = sorted(((sum(word in known for word in words), code) for code, known in _LISTS.items()), reverse=True)
    (best, code), (second, _) = counts[0], counts[1]
    return code if best >= 2 and best > second else None


def primary_subtag(tag: str | None) -> str | None:
    """`pt` of `pt-BR`."""
    return tag.replace("_", "-").split("-")[0].lower() if tag else None
