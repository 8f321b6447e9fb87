"""Pages made to stall or to break an extractor: each takes at most some seconds and keeps its text."""

from __future__ import annotations

from contextlib import suppress

import pytest

from processors.base import Skip
from tests.processors.extract.pages import PROSE, extracted, html, paragraphs

STORY = f"<article>{paragraphs(*PROSE)}</article>"
TEXT = "\n".join(PROSE)
LINKS = "".join(f"<a href='/{number}'>link {number}</a> " for number in range(100_000))
PAGES = {
    "deep divs": html("<div>" * 100_000 + STORY),
    "deep bold": html("<b>" * 100_000 + STORY),
    "deep tables": html("<table><tr><td>" * 20_000 + STORY),
    "deep lists": html("<ul><li>" * 5_000 + STORY),
    "deep definitions": html("<dl><dd>" * 5_000 + STORY),
    "lists short of the parser's last limit": html("<ul><li>" * 900 + STORY),
    "divs around every paragraph": html("".join("<div>" * 4_000 + f"<p>{text}</p>" for text in PROSE)),
    "deep, closed, in an article": html(f"<article>{'<section>' * 10_000}{STORY}{'</section>' * 10_000}</article>"),
    "links never closed": html("<a>" * 900 + STORY),
    "100,000 links beside": html(STORY + LINKS),
    "100,000 links inside": html(f"<article>{paragraphs(*PROSE)}{LINKS}</article>"),
    "100,000 attributes": html("<div " + " ".join(f"a{number}=1" for number in range(100_000)) + f">{STORY}</div>"),
    "50,000 meta tags": html(
        STORY, "".join(f'<meta property="p{number}" content="{number}">' for number in range(50_000))
    ),
    "20,000 dates": html("<time datetime='2024-13-45T99:99:99Z'>x</time>" * 20_000 + STORY),
    "huge colspan": html(STORY + '<table><tr><th colspan="9007199254740991">x</th></tr><tr><td>a</td></tr></table>'),
    "NULs": html("\x00" * 1_000_000 + STORY),
    "unclosed comment": html(STORY + "<!--" + "-- " * 500_000),
    "unclosed script": html(STORY + "<script>" + "var a=1;" * 200_000),
    "angle brackets": html(STORY + "<a" * 300_000),
    "long title": html(STORY, f"<title>{' - | ' * 100_000}</title>"),
    "long author": html(STORY, f'<meta name="author" content="{"By A. B. & " * 50_000}">'),
    "long date": html(STORY, f'<meta name="date" content="{"2" * 500_000}">'),
    "spaces after a comment in JSON-LD": html(
        STORY, f'<script type="application/ld+json">-->{" " * 900_000}x</script>'
    ),
    "deep, with an endless name": html("<div>" * 5_000 + STORY + "<" + "a" * 1_000_000),
    "equal containers": html("".join(f'<div class="story-body">{paragraphs(*PROSE)}</div>' for _ in range(2_000))),
    "breaks": html(f"<div>{'<br>'.join(PROSE * 2_000)}</div>"),
    "nothing but boxes": html("".join(f'<p><span class="byline credit">{text}</span></p>' for text in PROSE)),
    "nested SVG": html(STORY + "<svg>" * 50_000),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", PAGES)
def test_article_survives(name: str) -> None:
    text = extracted(PAGES[name]).text
    assert all("".join(paragraph.split()) in "".join(text.split()) for paragraph in PROSE)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("body", "share"),
    [
        (
            "".join(
                f"<p>Paragraph number {number} of a list that never ends, says the clerk.</p>"
                for number in range(50_000)
            ),
            0.8,
        ),
        ("<p>" + " ".join(PROSE) + "</p><table>" + "<tr><td>coal</td><td>1,2</td></tr>" * 50_000 + "</table>", 0.25),
        ("<p>" + "word " * 1_000_000 + "</p>", 0.9),
        ("<p>" + "&amp;" * 500_000 + "</p>", 0.19),
    ],
    ids=["paragraphs", "table rows", "one paragraph", "entities"],
)
def test_size_alone_loses_no_text(body: str, share: float) -> None:
    assert len(extracted(html(body)).text) >= share * len(body)


@pytest.mark.parametrize(
    "body",
    [
        "<",
        "<>",
        "</",
        "<!",
        "<?",
        "<html",
        "<body/>",
        "&#xD800;",
        "<p>&#0;</p>",
        "<![CDATA[x]]>",
        "\ud7ff<p>",
        "<a href='http://[x'>",
        "<base href='//['>",
    ],
)
def test_fragments_give_text_or_a_skip_but_no_error(body: str) -> None:
    with suppress(Skip):
        assert extracted(body).text
