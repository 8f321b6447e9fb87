"""Which element of a page is taken for the article."""

from __future__ import annotations

from processors.extract.blocks import blocks_of, prose_of
from processors.extract.parse import parse
from processors.extract.region import Region, coverage, region_of
from tests.processors.extract.pages import HEADLINE, OTHER_PROSE, PROSE, html, paragraphs


def _region(body: str) -> Region | None:
    root = parse(html(body).encode()).find("body")
    return region_of(root, prose_of(root, blocks_of(root)))


def _text(body: str) -> str:
    region = _region(body)
    assert region is not None
    return str(region.container.text_content())


def test_page_without_prose_has_no_region() -> None:
    assert _region("<ul><li><a href=/>One</a></li></ul>") is None


def test_unnamed_container_is_found_by_its_prose() -> None:
    text = _text(f"<div><div>Menu and search</div><div>{paragraphs(*PROSE)}</div><div>About us</div></div>")
    assert text == "".join(PROSE)


def test_named_container_wins_over_the_wider_one() -> None:
    named = f'<div class="article-body">{paragraphs(*PROSE)}</div>'
    body = f'<div class="page-content"><div>{OTHER_PROSE[0]}</div>{named}</div>'
    assert _text(body) == "".join(PROSE)


def test_named_container_with_next_to_no_prose_is_passed_over() -> None:
    body = f'<div class="article-body">Read our newest stories here.</div><div>{paragraphs(*PROSE)}</div>'
    assert PROSE[0] in _text(body)


def test_first_article_of_an_endless_page_is_taken_however_long_the_next() -> None:
    first = f"<article><h1>{HEADLINE}</h1>{paragraphs(*PROSE[:2])}</article>"
    text = _text(f"{first}<article><h1>Next</h1>{paragraphs(*OTHER_PROSE * 3)}</article>")
    assert PROSE[0] in text
    assert OTHER_PROSE[0] not in text


def test_article_split_over_equal_containers_is_taken_whole() -> None:
    parts = [f'<div class="story-body">{paragraphs(text)}</div><div class="ad">Advertisement</div>' for text in PROSE]
    text = _text(f"<main><h1>{HEADLINE}</h1>{''.join(parts)}</main>")
    assert all(one in text for one in PROSE)


def test_intro_named_like_a_body_does_not_stand_for_the_article() -> None:
    intro = f'<div class="article-content-intro">{paragraphs(PROSE[0])}</div>'
    assert PROSE[-1] in _text(f"<article><h1>{HEADLINE}</h1>{intro}<div>{paragraphs(*PROSE[1:])}</div></article>")


def test_sidebar_and_comments_do_not_vote() -> None:
    body = (
        f'<div id="wrap"><div>{paragraphs(*PROSE[:2])}</div>'
        f'<div class="sidebar">{paragraphs(*OTHER_PROSE)}</div>'
        f'<div class="comments">{paragraphs(*OTHER_PROSE)}</div></div>'
    )
    assert _text(body) == "".join(PROSE[:2])


def test_name_of_surroundings_on_the_whole_layout_means_nothing() -> None:
    assert PROSE[0] in _text(f'<div class="layout with-sidebar">{paragraphs(*PROSE)}</div>')


def test_unclosed_aside_around_the_page_does_not_hide_it() -> None:
    assert PROSE[0] in _text(f"<aside>Announcement<div>{paragraphs(*PROSE)}</div>")


def test_short_ideographic_paragraphs_are_prose() -> None:
    text = "苏伊士运河于一八六九年十一月十七日正式通航，历时十年。"
    region = _region(f"<div>{paragraphs(text, text)}</div>")
    assert region is not None
    assert region.prose == 2 * len(text)


def test_coverage_is_the_share_of_prose_in_the_text() -> None:
    region = _region(f"<div>{paragraphs(*PROSE)}</div>")
    assert region is not None
    assert coverage(region, "\n".join(PROSE)) == 1.0
    assert 0.2 < coverage(region, PROSE[0]) < 0.3
    assert coverage(region, "") == 0.0


def test_word_that_a_page_builder_gives_to_everything_says_nothing() -> None:
    """Half of the prose stands under "widget", in elements of which none holds half."""
    widgets = "".join(f'<div class="builder-widget">{paragraphs(text)}</div>' for text in PROSE[:3])
    region = _region(f"<article>{widgets}{paragraphs(PROSE[3])}</article>")
    assert region is not None
    assert len(region.blocks) == 4


def test_comments_that_hold_half_of_the_prose_are_still_none_of_it() -> None:
    comments = "".join(f'<div class="comment">{paragraphs(text)}</div>' for text in OTHER_PROSE * 3)
    assert _text(f"<div>{paragraphs(*PROSE)}</div><div>{comments}</div>") == "".join(PROSE)
