"""Articles that come close to what the gate refuses, all invented."""

# ruff: noqa: E501 - markup and sentences read better unbroken
from __future__ import annotations

from tests.processors.extract.gate_pages import LEAD, PLAYER, SECOND, STORIES, THIRD, declared, page, related, story

_OVERLAY = (
    '<div id="cookie-banner" class="consent-modal"><p>We and our partners use cookies and personal data to show personalised '
    "ads and to measure content. You may withdraw your consent at any time in the privacy settings of this site.</p>"
    "<button>Accept all</button><button>Reject all</button></div>"
)
ARTICLES = {
    "plain": story(),
    "short, with many links after it": story(around=related(), paragraphs=(LEAD, SECOND)),
    "two sentences": story(paragraphs=(LEAD,)),
    "one sentence, declared": story(paragraphs=(LEAD[:120],), head=declared(), around=related()),
    "with a consent overlay": story(around=_OVERLAY),
    "short, with a consent overlay": story(around=_OVERLAY, paragraphs=(LEAD, SECOND)),
    "about cookies, with an overlay": page(
        "<main><article><h1>Court rules on cookies</h1><p>Websites may not set cookies without the consent of their visitors, the "
        "court said on Friday, in a ruling that publishers and their partners in advertising had feared.</p>"
        f"<p>The case began with a fisherman who had counted the requests that reached his telephone while he read one page.</p>"
        f"<p>{SECOND}</p><p>{THIRD}</p></article></main>{_OVERLAY}",
        title="Court rules on cookies | The Harbour Gazette", head=declared(),
    ),
    "not free, but whole": story(head=declared(isAccessibleForFree=False)),
    "not free, with a demand that is hidden": story(
        '<div class="paywall" style="display:none"><p>Subscribe to continue reading</p></div>', paragraphs=(LEAD, SECOND)
    ),
    "free by its own word, with a demand": story(
        "<div class='paywall'><p>Already a subscriber? Log in</p></div>", head=declared(isAccessibleForFree=True)
    ),
    "short, with a demand in the header": page(
        f"<header><p>Already a subscriber? <a>Log in</a></p></header><main><article><h1>The ferry sails again</h1><p>{LEAD}</p>"
        f"<p>{SECOND}</p></article></main>",
        title="The ferry sails again | Gazette",
    ),
    "with a video": story(PLAYER, head=declared(video={"@type": "VideoObject"})),
    "with comments behind a captcha": story(
        "<form id='comments'><div class='g-recaptcha'></div></form><noscript>Please enable JavaScript to view the comments."
        "</noscript>"
    ),
    "called Just a moment": page(
        f"<main><article><h1>Just a moment</h1><p>{LEAD}</p><p>{SECOND}</p><p>{THIRD}</p></article></main>", title="Just a moment"
    ),
    "called Page not found": page(
        f"<main><article><h1>Page not found</h1><p>{LEAD}</p><p>{SECOND}</p><p>{THIRD} {LEAD}</p><p>{SECOND}</p></article></main>",
        title="Page not found | Essays",
    ),
    "a round-up with links": story(
        "".join(f"<h3><a href='/r/{n}'>{s}</a></h3><p>{SECOND}</p><p>{THIRD}</p>" for n, s in enumerate(STORIES))
    ),
    "without a word of its own, among many links": page(
        f"<div><h1>The ferry sails again from Monday</h1>{LEAD}<br><br>{SECOND}</div>{related()}{related(STORIES[::-1])}",
        title="The ferry sails again from Monday - Gazette",
    ),
}  # fmt: skip
