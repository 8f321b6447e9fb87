"""The chain turns every page into exactly one outcome, whatever its parts do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from processors.base import Skip
from processors.carried import INSTEAD
from processors.chain import Chain
from processors.identity import record_id
from processors.records import NO_HINT, Failed, Form, Reason, Record, Skipped, Step, TextSource
from tests.builders import URL, make_article, make_hint, make_origin, make_page, make_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from processors.records import Article


@dataclass(frozen=True)
class Do:
    """A processor of one line."""

    name: str
    does: Callable[[Article], Article]

    def __call__(self, article: Article) -> Article:
        return self.does(article)


class UntellableError(Exception):
    def __str__(self):
        raise RuntimeError("no words")


def raising(error):
    def do(_):
        raise error

    return do


def titled(suffix):
    return Do(f"title-{suffix}", lambda article: replace(article, title=article.title + suffix))


def chain(*steps, reader=lambda page: make_article(), fingerprint=None):
    prints = {"newstap": "9", "extractor": "e9", "rules": "r9", "topics": "t9", "profiles": None}
    return Chain(readers={Form.HTML: reader}, steps=steps, fingerprint=fingerprint or prints)


def test_a_page_becomes_a_record():
    page = make_page()

    record = chain()(page)

    assert isinstance(record, Record)
    assert record.article == make_article()
    assert record.origin == page.origin
    assert record.id == record_id(URL, "ferry-1", "Ferry sails again", "")
    assert record.fingerprint == {"newstap": "9", "extractor": "e9", "rules": "r9", "topics": "t9", "profiles": None}
    assert (record.revision.n, record.dup, record.story) == (1, None, None)


def test_steps_run_in_order_and_the_id_is_of_what_they_made():
    record = chain(titled("A"), titled("B"), reader=lambda page: make_article(canonical_url=None))(
        make_page(origin=make_origin(document_id=None))
    )

    assert record.article.title == "Ferry sails againAB"
    assert record.id == record_id(None, None, "Ferry sails againAB", record.article.text)


def test_records_share_no_fingerprint():
    """A sink that changed one would change all that follow."""
    run = chain()
    run(make_page()).fingerprint["newstap"] = "changed"

    assert run(make_page()).fingerprint["newstap"] == "9"


def test_a_reader_leaves_a_page_out():
    outcome = chain(reader=raising(Skip(Reason.NO_TEXT, "3 words")))(make_page())

    assert outcome == Skipped(origin=make_origin(), url=URL, reason=Reason.NO_TEXT, detail="3 words")


def test_a_reader_fails():
    page = make_page(attempt=3)

    outcome = chain(reader=raising(ValueError("broken markup")))(page)

    assert outcome == Failed(
        origin=page.origin, url=URL, step=Step.EXTRACT, error="ValueError: broken markup", page=page, attempt=3
    )


def test_a_form_that_nobody_reads_fails():
    outcome = chain()(make_page(form=Form.COPIED))

    assert (outcome.step, outcome.page.form) == (Step.EXTRACT, Form.COPIED)


@pytest.mark.parametrize(("detail", "told"), [(None, "drop"), ("short", "drop: short")])
def test_a_step_leaves_an_article_out_and_is_named(detail, told):
    outcome = chain(Do("drop", raising(Skip(detail=detail))), Do("late", raising(AssertionError())))(make_page())

    assert outcome == Skipped(origin=make_origin(), url=URL, reason=Reason.FILTERED, detail=told)


@pytest.mark.parametrize(
    ("does", "told"),
    [
        (raising(KeyError("city")), "mine: KeyError: 'city'"),
        (raising(UntellableError()), "mine: UntellableError"),
        (raising(RecursionError("too deep")), "mine: RecursionError: too deep"),
        (raising(MemoryError()), "mine: MemoryError: "),
        (lambda article: None, "mine: TypeError: returned NoneType, not an Article"),
        (lambda article: "text", "mine: TypeError: returned str, not an Article"),
        (lambda article: replace(article, authors="Ada"), "mine: TypeError: authors must be tuple, not str"),
        (lambda article: raising(Skip("too-boring"))(0), "mine: ValueError: 'too-boring' is not a valid Reason"),
    ],
)
def test_a_step_fails_and_is_named(does, told):
    page = make_page(attempt=2)

    outcome = chain(titled("A"), Do("mine", does), Do("late", raising(AssertionError())))(page)

    assert outcome == Failed(origin=page.origin, url=URL, step=Step.PROCESS, error=told, page=page, attempt=2)


def test_an_error_text_has_an_end():
    outcome = chain(Do("mine", raising(ValueError("x" * 5000))))(make_page())

    assert len(outcome.error) < 1100


def test_again_keeps_what_the_record_had_and_does_the_rest_anew():
    record = make_record(fingerprint={"newstap": "1", "extractor": "e1", "rules": "r1", "topics": "t1"})
    line = make_page(form=Form.LINE, url=None)

    again = chain(titled("A")).again(record, line)

    assert again.article == replace(record.article, title="Ferry sails againA", topics=())
    assert (again.id, again.origin, again.revision) == (record.id, record.origin, record.revision)
    assert (again.dup, again.story) == (None, None)


def test_again_does_not_claim_an_extraction_that_did_not_happen():
    """The text is the old extractor's and the old rules'; topics and version are of now."""
    record = make_record(fingerprint={"newstap": "1", "extractor": "e1", "rules": "r1", "topics": "t1", "odd": "o1"})

    again = chain().again(record, make_page(form=Form.LINE))

    assert again.fingerprint == {"newstap": "9", "extractor": "e1", "rules": "r1", "topics": "t9", "profiles": None}


def test_again_may_end_otherwise_and_tells_whose_record_it_was():
    record = make_record(origin=make_origin(document_id="other"))
    line = make_page(form=Form.LINE, url=None, text_source=TextSource.ARCHIVE)

    skipped = chain(Do("drop", raising(Skip()))).again(record, line)
    failed = chain(Do("mine", raising(OSError("no")))).again(record, line)

    assert skipped == Skipped(origin=record.origin, url=record.article.url, reason=Reason.FILTERED, detail="drop")
    assert (failed.origin, failed.url, failed.page) == (record.origin, record.article.url, line)


def test_a_step_without_a_name_is_found_out_at_the_start():
    with pytest.raises(AttributeError, match="name"):
        chain(lambda article: article)


def falling_back(reason, *steps, carried=lambda page: make_article(text_source=page.text_source, url=page.url)):
    def refuse(_):
        raise Skip(reason, "as told")

    prints = {"newstap": "9"}
    return Chain(readers={Form.HTML: refuse, Form.CARRIED: carried}, steps=steps, fingerprint=prints)


@pytest.mark.parametrize("reason", sorted(INSTEAD))
def test_a_page_that_gives_no_article_falls_back_to_its_feed(reason):
    page = make_page(hint=make_hint(url="https://gazette.example.org/short"))

    record = falling_back(reason, titled("A"))(page)

    assert isinstance(record, Record)
    assert (record.origin.fallback, replace(record.origin, fallback=None)) == (reason, page.origin)
    assert (record.article.text_source, record.article.url) == (TextSource.FEED, "https://gazette.example.org/short")
    assert record.article.title.endswith("A")
    assert falling_back(reason, titled("A"))(page) == record


@pytest.mark.parametrize(
    ("reason", "fields"),
    [
        (Reason.PAYWALL, {"origin": make_origin(feed=None)}),
        (Reason.PAYWALL, {"hint": NO_HINT}),
        (Reason.HTTP_STATUS, {}),
        (Reason.FILTERED, {}),
    ],
)
def test_a_page_without_a_feed_or_left_out_for_another_reason_stays_skipped(reason, fields):
    page = make_page(**fields)

    assert falling_back(reason)(page) == Skipped(origin=page.origin, url=URL, reason=reason, detail="as told")


def test_a_feed_that_carries_nothing_after_all_leaves_the_pages_own_reason():
    outcome = falling_back(Reason.PAYWALL, carried=raising(Skip(Reason.EMPTY)))(make_page())

    assert (outcome.reason, outcome.detail) == (Reason.PAYWALL, "as told")


def test_what_fails_while_falling_back_is_a_dead_letter_of_the_page():
    """Replayed, the page is tried first again."""
    page = make_page()

    broken = falling_back(Reason.PAYWALL, carried=raising(ValueError("no")))(page)
    refused = falling_back(Reason.PAYWALL, Do("mine", raising(OSError("no"))))(page)
    dropped = falling_back(Reason.PAYWALL, Do("drop", raising(Skip())))(page)

    assert (broken.step, broken.page, broken.origin) == (Step.EXTRACT, page, page.origin)
    assert (refused.step, refused.page, refused.origin) == (Step.PROCESS, page, page.origin)
    assert dropped.reason is Reason.FILTERED
