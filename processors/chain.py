"""The chain: Page → Record, Skipped or Failed. Pure, and it never raises."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from processors.base import Processor, Skip
from processors.carried import INSTEAD, instead_of
from processors.identity import record_id
from processors.records import Article, Failed, Form, Origin, Outcome, Page, Reason, Record, Skipped, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

OF_THE_TEXT = ("extractor", "rules", "profiles")
"""Of a fingerprint, what the article depends on before any step; the rest belongs to the steps."""


class Chain:
    """Reads a page by its form, then runs the processors over the article.

    A page of a feed that gives no article (`processors.carried.INSTEAD` has the reasons) is read from what the feed
    carries; the record's `origin.fallback` then says why.

    Args:
        readers: what makes an article of a page of each form; may raise `Skip`.
        steps: run in this order.
        fingerprint: versions and digests of everything that records depend on.
    """

    def __init__(
        self,
        *,
        readers: Mapping[Form, Callable[[Page], Article]],
        steps: Sequence[Processor],
        fingerprint: Mapping[str, str | None],
    ) -> None:
        self._readers = dict(readers)
        self._steps = tuple((step.name, step) for step in steps)
        self._fingerprint = dict(fingerprint)

    def __call__(self, page: Page) -> Outcome:
        """Return what becomes of a page."""
        try:
            article = self._readers[page.form](page)
        except Skip as skip:
            skipped = Skipped(origin=page.origin, url=page.url, reason=skip.reason, detail=skip.detail)
            return self._instead(page, skipped)
        except Exception as error:  # noqa: BLE001 - the outcome is a value: hostile input must not end the run
            return _failed(page, Step.EXTRACT, _described(error))
        return self._processed(article, page)

    def again(self, record: Record, page: Page) -> Outcome:
        """Return a record with everything behind extraction done anew; `page` is where it was read from.

        It keeps its id, origin and revision, and of the fingerprint what says how its text was come by.
        """
        outcome = self._processed(replace(record.article, topics=()), page)
        if not isinstance(outcome, Record):
            return replace(outcome, origin=record.origin, url=record.article.url)
        kept = {name: record.fingerprint.get(name) for name in OF_THE_TEXT if name in outcome.fingerprint}
        return replace(
            outcome,
            id=record.id,
            origin=record.origin,
            revision=record.revision,
            fingerprint=outcome.fingerprint | kept,
        )

    def _instead(self, page: Page, skipped: Skipped) -> Outcome:
        """Return what becomes of what the feed carries, where it may stand for the page; else the page is skipped."""
        carried = instead_of(page) if skipped.reason in INSTEAD and Form.CARRIED in self._readers else None
        outcome = self(carried) if carried is not None else skipped
        if isinstance(outcome, Record):
            return replace(outcome, origin=replace(page.origin, fallback=skipped.reason))
        if isinstance(outcome, Failed):
            return replace(outcome, page=page)  # what was carried is in its hint
        return skipped if outcome.reason is Reason.EMPTY else outcome

    def _processed(self, article: Article, page: Page) -> Outcome:
        for name, step in self._steps:
            try:
                article = _checked(step(article))
            except Skip as skip:
                detail = f"{name}: {skip.detail}" if skip.detail else name
                return Skipped(origin=page.origin, url=page.url, reason=skip.reason, detail=detail)
            except Exception as error:  # noqa: BLE001 - as above; a user's processor is no exception
                return _failed(page, Step.PROCESS, f"{name}: {_described(error)}")
        return Record(
            id=_id(article, page.origin),
            article=article,
            origin=page.origin,
            fingerprint=dict(self._fingerprint),
        )


def _checked(article: object) -> Article:
    """Hold a user's processor to its word, before the next step stumbles over what it made."""
    if not isinstance(article, Article):
        raise TypeError(f"returned {type(article).__name__}, not an Article")
    return article


def _id(article: Article, origin: Origin) -> str:
    return record_id(article.canonical_url, origin.document_id, article.title, article.text)


def _failed(page: Page, step: Step, error: str) -> Failed:
    return Failed(origin=page.origin, url=page.url, step=step, error=error, page=page, attempt=page.attempt)


def _described(error: Exception) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:1000]
    except Exception:  # noqa: BLE001 - a user's exception may fail even at telling what it is
        return type(error).__name__
