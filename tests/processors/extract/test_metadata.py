"""Where each field comes from, and which source wins."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from processors.extract import metadata
from processors.extract.metadata import Metadata
from processors.extract.parse import parse
from processors.records import Hint
from tests.processors.extract.pages import html, page

LINKED = '<div><p><a rel="author" href="/a">{}</a></p></div>'
FIGURE = "<figure><img src='{}'><figcaption>The canal.</figcaption></figure>"
EAST = timezone(timedelta(hours=-5))


def _meta(**values: str) -> str:
    return "".join(f'<meta property="{name.replace("__", ":")}" content="{value}">' for name, value in values.items())


def _ld(**values: object) -> str:
    node = {"@type": "NewsArticle", "headline": "Canal opens", **values}
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


def _read(head: str = "", body: str = "<p>x</p>", lang: str = "en", **about: object) -> Metadata:
    document = html(body, head, lang=lang)
    return metadata.read(parse(document.encode()), page(document, **about))  # type: ignore[arg-type]  # passed on as they are


def test_title_of_json_ld_wins_over_meta_title_and_headline() -> None:
    head = _ld() + _meta(og__title="Open Graph") + "<title>Tag</title>"
    assert _read(head, "<h1>Visible</h1>").title == "Canal opens"
    assert _read(_meta(og__title="Open Graph") + "<title>Tag</title>", "<h1>Visible</h1>").title == "Open Graph"
    assert _read("<title>Tag</title>", "<h1>Visible</h1>").title == "Tag"
    assert _read("", "<h1>Visible</h1>").title == "Visible"


def test_every_form_of_the_title_is_known() -> None:
    read = _read(_ld() + _meta(og__title="Open Graph") + "<title>Tag</title>", "<h1>Visible</h1>")
    assert read.headlines == ("Canal opens", "Open Graph", "Tag", "Visible")


def test_site_name_is_cut_off_the_title() -> None:
    assert (
        _read(_meta(og__site_name="Harbour Gazette") + "<title>Canal opens - Harbour Gazette</title>").title
        == "Canal opens"
    )


def test_what_the_visible_headline_lacks_is_cut_off_the_title() -> None:
    assert _read("<title>Canal opens | Gazette</title>", "<h1>Canal opens</h1>").title == "Canal opens"
    assert _read("<title>Canal opens | late</title>", "<h1>Other</h1>").title == "Canal opens | late"


def test_site_is_not_its_own_author() -> None:
    head = _ld(author={"@type": "Organization", "name": "Harbour Gazette"}) + _meta(og__site_name="Harbour Gazette")
    assert _read(head, '<p class="byline">By Ada Hartley</p>').authors == ("Ada Hartley",)
    assert _read(head).authors == ()


def test_truncated_title_is_completed_from_the_headline() -> None:
    assert _read(
        _ld(headline="The canal opens to …"), "<h1>The canal opens to ships of all nations</h1>"
    ).title.endswith("nations")


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        (_ld(author={"@type": "Person", "name": "By Ada Hartley"}) + _meta(author="Tom Brook"), "", ("Ada Hartley",)),
        (_ld(author=[{"name": "Ada Hartley"}, "Tom Brook"]), "", ("Ada Hartley", "Tom Brook")),
        (_ld(author={"name": ["Ada Hartley", 7, None]}), "", ("Ada Hartley",)),
        (_ld(author="https://gazette.example/ada") + _meta(author="Tom Brook"), "", ("Tom Brook",)),
        (
            _meta(article__author="https://social.example/tom"),
            '<a rel="author" href="/tom">Tom Brook</a>',
            ("Tom Brook",),
        ),
        ("", '<p class="byline">By Ada Hartley</p>', ("Ada Hartley",)),
        ("", "<p>By the sea, it said</p>", ()),
    ],
)
def test_authors(head: str, body: str, expected: tuple[str, ...]) -> None:
    assert _read(head, body).authors == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<div class="byline">By <a>Ada Hartley</a><span>Correspondent</span></div>', ("Ada Hartley",)),
        ('<p class="author"><b>Ada</b> <b>Hartley</b></p>', ("Ada Hartley",)),
        ('<div><a class="author">Ada Hartley</a><a class="author">Tom Brook</a></div>', ("Ada Hartley", "Tom Brook")),
        (f"<header><div>{LINKED.format('Ada Hartley')}</div></header>{LINKED.format('Tom Brook')}", ("Ada Hartley",)),
    ],
    ids=["role beside it", "two elements", "two authors", "other articles' authors"],
)
def test_visible_bylines(body: str, expected: tuple[str, ...]) -> None:
    assert _read("", f"<main>{body}</main>").authors == expected


def test_company_behind_the_site_is_no_author() -> None:
    head = _ld(publisher={"name": "Harbour Media Ltd"}) + _meta(author="Harbour Media Ltd", og__site_name="Gazette")
    assert _read(head, '<p class="byline">By Ada Hartley</p>').authors == ("Ada Hartley",)


def test_dates_keep_the_publishers_offset() -> None:
    read = _read(_ld(datePublished="2023-07-27T08:51:00-05:00", dateModified="2023-07-27T15:00:00Z"))
    assert read.published == datetime(2023, 7, 27, 8, 51, tzinfo=EAST)
    assert read.published.utcoffset() == timedelta(hours=-5)
    assert read.modified == datetime(2023, 7, 27, 15, tzinfo=UTC)


def test_meta_date_counts_where_json_ld_has_none() -> None:
    assert (
        _read(_ld(datePublished=7) + _meta(article__published_time="2023-07-27T08:51:00-05:00")).published is not None
    )


def test_visible_time_counts_last() -> None:
    body = '<time datetime="2019-01-01">x</time><time class="published" datetime="2020-02-02T10:00:00Z">y</time>'
    assert _read("", body).published == datetime(2020, 2, 2, 10, tzinfo=UTC)


def test_time_of_day_is_taken_from_a_later_source_for_the_same_day() -> None:
    read = _read(_ld(datePublished="2023-07-27") + _meta(article__published_time="2023-07-27T08:51:00Z"))
    assert read.published == datetime(2023, 7, 27, 8, 51, tzinfo=UTC)


def test_implausible_date_gives_way_to_the_next_source() -> None:
    fetched = datetime(2023, 8, 1, tzinfo=UTC)
    head = _ld(datePublished="2031-01-01T00:00:00Z") + _meta(
        article__published_time="1970-01-01", date="2023-07-27T10:00:00Z"
    )
    assert _read(head, fetched=fetched).published == datetime(2023, 7, 27, 10, tzinfo=UTC)


def test_first_midnight_of_a_year_is_the_year_of_a_copyright_if_anything_else_is_given() -> None:
    head = _meta(date="2023-01-01", pubdate="2021-05-04T10:00:00Z")
    assert _read(head).published == datetime(2021, 5, 4, 10, tzinfo=UTC)
    assert _read(_meta(date="2023-01-01")).published == datetime(2023, 1, 1, tzinfo=UTC)
    assert _read(_meta(date="2023")).published is None


def test_zone_is_taken_from_a_later_source_with_the_same_clock() -> None:
    head = _ld(datePublished="2023-07-27T08:51:00") + _meta(
        article__published_time="2023-07-27T15:00:00Z", pubdate="2023-07-27T08:51:00-05:00"
    )
    assert _read(head).published == datetime(2023, 7, 27, 8, 51, tzinfo=EAST)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<h1>Canal opens</h1><div><span>Published May 4, 2021</span></div>", datetime(2021, 5, 4, tzinfo=UTC)),
        ("<p>May 4, 2021</p><h1>Canal opens</h1><p>It opened on May 4, 2021, they say.</p>", None),
        ("<h1>Canal opens</h1><div class='comments'><p>May 4, 2021</p></div>", None),
        ("<h1>Canal opens</h1><p>Updated: May 4, 2021</p>", None),
        ("<h1>Canal opens</h1><time>May 4, 2021</time>", datetime(2021, 5, 4, tzinfo=UTC)),
        ("<div class='comment'><time datetime='2022-01-05T10:00:00Z'>x</time></div>", None),
    ],
    ids=["below the headline", "above it", "comment", "update", "time without attribute", "time of a comment"],
)
def test_date_line_below_the_headline_counts_where_nothing_else_does(body: str, expected: datetime | None) -> None:
    assert _read("", body).published == expected


def test_hint_from_the_future_is_not_believed() -> None:
    hint = Hint(published=datetime(2031, 1, 1, tzinfo=UTC))
    assert _read(hint=hint, fetched=datetime(2023, 8, 1, tzinfo=UTC)).published is None
    assert _read(hint=hint).published == hint.published


def test_modified_before_published_is_no_modification() -> None:
    assert _read(_ld(datePublished="2023-07-27T10:00:00Z", dateModified="2023-07-26T10:00:00Z")).modified is None


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("https://img.example/a.jpg", "https://img.example/a.jpg"),
        (["/a.jpg", "/b.jpg"], "https://gazette.example/a.jpg"),
        ({"@type": "ImageObject", "url": "//img.example/a.jpg"}, "https://img.example/a.jpg"),
        ({"url": ["b.jpg"]}, "https://gazette.example/history/b.jpg"),
        ("javascript:alert(1)", None),
        ("http://[bad", None),
        (7, None),
    ],
)
def test_image_is_an_absolute_web_address(image: object, expected: str | None) -> None:
    assert _read(_ld(image=image)).image == expected


def test_hostile_base_is_ignored() -> None:
    assert _read('<base href="javascript:alert(1)">' + _ld(image="/a.jpg")).image == "https://gazette.example/a.jpg"


def test_summary_is_not_the_title_again() -> None:
    assert (
        _read(_ld(description="CANAL OPENS!") + _meta(og__description="Ten years of digging end.")).summary
        == "Ten years of digging end."
    )


def test_language_site_section_and_canonical() -> None:
    head = _ld(articleSection=["History", "Sea"], publisher={"name": "Gazette Media Ltd"}) + _meta(
        og__site_name="Harbour Gazette"
    )
    read = _read(head + '<link rel="canonical" href="/c">', lang="en-GB")
    assert (read.language, read.site, read.section, read.canonical) == ("en-GB", "Harbour Gazette", "History", "/c")


def test_address_is_the_sites_name_only_where_nothing_else_is_given() -> None:
    publisher = {"name": "Harbour Gazette"}
    assert _read(_ld(publisher=publisher) + _meta(og__site_name="gazette.example")).site == "Harbour Gazette"
    assert _read(_ld(publisher=publisher) + _meta(og__site_name="https://gazette.example")).site == "Harbour Gazette"
    assert _read(_meta(og__site_name="gazette.example")).site == "gazette.example"


@pytest.mark.parametrize(
    ("image", "figure", "expected"),
    [
        ({"url": "/a.jpg", "caption": "The canal."}, "", ("The canal.", "json-ld:image")),
        ("/a.jpg", FIGURE.format("/s/a.jpg?w=9"), ("The canal.", "html:figcaption")),
        ("/a.jpg", FIGURE.format("/b.jpg"), (None, None)),
        ("/", FIGURE.format("/b.jpg"), (None, None)),
    ],
    ids=["stated", "figure with the file", "other figure", "no file"],
)
def test_caption_is_the_images_own(image: object, figure: str, expected: tuple[str | None, str | None]) -> None:
    read = _read(_ld(image=image), figure)
    assert (read.caption, read.provenance.get("image_caption")) == expected


def test_every_value_has_its_source_and_nothing_else_has_one() -> None:
    head = _ld(author="Ada Hartley", datePublished="2023-07-27") + _meta(
        og__site_name="Harbour Gazette", article__section="History", article__modified_time="2023-07-28"
    )
    read = _read(head + '<link rel="canonical" href="/c">', "<p>x</p>", hint=Hint(summary="Said the feed."))
    assert read.provenance == {
        "title": "json-ld:headline",
        "canonical_url": "link:canonical",
        "summary": "hint",
        "authors": "json-ld:author",
        "published": "json-ld:datePublished",
        "modified": "meta:article:modified_time",
        "language": "html:lang",
        "site": "meta:og:site_name",
        "section": "meta:article:section",
    }


def test_source_is_the_one_that_was_taken_not_the_first() -> None:
    head = _ld(headline="The canal opens to …", datePublished="2023-07-27") + _meta(pubdate="2023-07-27T08:51:00Z")
    read = _read(head, "<h1>The canal opens to ships</h1>")
    assert (read.provenance["title"], read.provenance["published"]) == ("html:h1", "meta:pubdate")


def test_hint_speaks_where_the_page_is_silent_and_only_there() -> None:
    hint = Hint(
        title="Hint",
        summary="Said the feed.",
        authors=("Tom Brook",),
        published=datetime(2020, 1, 1, tzinfo=UTC),
        language="de",
    )
    silent = _read(hint=hint, lang="")
    assert (silent.title, silent.summary, silent.authors, silent.language) == (
        "Hint",
        "Said the feed.",
        ("Tom Brook",),
        "de",
    )
    assert silent.published == hint.published
    spoken = _read(_ld(author="Ada Hartley", datePublished="2023-07-27T10:00:00Z"), hint=hint)
    assert (spoken.title, spoken.authors) == ("Canal opens", ("Ada Hartley",))
    assert spoken.published != hint.published


@pytest.mark.parametrize("junk", [7, None, [], {}, [[]], [{}], {"@value": []}, "\x01", "x" * 100_000])
def test_no_value_of_json_ld_breaks_the_reading(junk: object) -> None:
    fields = (
        "headline",
        "author",
        "datePublished",
        "dateModified",
        "image",
        "publisher",
        "articleSection",
        "description",
        "inLanguage",
    )
    _read(_ld(**dict.fromkeys((*fields, "articleBody"), junk)))
