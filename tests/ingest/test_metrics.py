"""What is counted, what is asked for, and that the number of series is bounded."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ingest.alarms import AlarmKind
from ingest.metrics import CATALOGUE, EntryKind, Metrics, PageOutcome, PollOutcome, reference
from ingest.metrics.counting import MAX_WORDS
from ingest.schedule import ErrorClass, NoteKind
from processors.records import (
    Article,
    Failed,
    Mode,
    Origin,
    Reason,
    Record,
    Removal,
    Skipped,
    Step,
    TextSource,
    TopicTag,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"
ORIGIN = Origin(mode=Mode.RUN)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(version="1.2.3", topics=["china", "russia"])


def samples(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """Return the values of a metric by those of its labels, in the order of the catalogue."""
    order = CATALOGUE[name].labels
    return {
        tuple(sample.labels[label] for label in order): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
        if sample.name == name
    }


def record(*topics: str, removed: int = 0, source: TextSource = TextSource.PAGE) -> Record:
    article = Article(
        title="t",
        text="x",
        text_source=source,
        topics=tuple(TopicTag(topic=topic, score=0.5, evidence=()) for topic in topics),
        removed=tuple(Removal(rule="r", text="l") for _ in range(removed)),
    )
    return Record(id="i", article=article, origin=ORIGIN, fingerprint={})


@pytest.mark.parametrize(
    ("happen", "name", "labels"),
    [
        *((lambda m, o=o: m.polled(o), "newstap_polls_total", (o,)) for o in get_args(PollOutcome)),
        *((lambda m, e=e: m.poll_failed(e), "newstap_poll_errors_total", (e,)) for e in ErrorClass),
        *((lambda m, n=n: m.noticed(n), "newstap_feed_notes_total", (n,)) for n in NoteKind),
        *((lambda m, k=k: m.entries(k, 3), "newstap_entries_total", (k,)) for k in get_args(EntryKind)),
        *((lambda m, o=o: m.page(o), "newstap_pages_total", (o,)) for o in get_args(PageOutcome)),
        *((lambda m, k=k: m.alarmed(k), "newstap_alarms_raised_total", (k,)) for k in AlarmKind),
        (lambda m: m.page_fell_back("paywall"), "newstap_page_fallbacks_total", ("paywall",)),
        (lambda m: m.part_restarted("polling"), "newstap_part_restarts_total", ("polling",)),
    ],
)
def test_what_happens_is_counted_under_its_name(metrics, happen, name, labels):
    before = samples(metrics, name)

    happen(metrics)

    number = 3 if name == "newstap_entries_total" else 1
    assert samples(metrics, name) == {**before, labels: number}


def test_a_poll_that_failed_is_a_poll(metrics):
    metrics.poll_failed(ErrorClass.TIMEOUT)

    assert samples(metrics, "newstap_polls_total")["failed",] == 1


def test_a_fallback_is_what_came_of_a_page(metrics):
    metrics.page_fell_back("paywall")

    assert samples(metrics, "newstap_pages_total")["fallback",] == 1


def test_outcomes_are_counted_by_kind_and_reason(metrics):
    metrics.saw(record())
    metrics.saw(record())
    metrics.saw(Skipped(origin=ORIGIN, url=None, reason=Reason.NO_TEXT))
    metrics.saw(Failed(origin=ORIGIN, url=None, step=Step.EXTRACT, error="e"))

    assert samples(metrics, "newstap_documents_total") == {
        ("record", ""): 2,
        ("skipped", "no-text"): 1,
        ("dead-letter", "extract"): 1,
    }


def test_records_are_counted_by_topic_source_and_removed_lines(metrics):
    metrics.saw(record("china", "russia", removed=2, source=TextSource.FEED))
    metrics.saw(record("china", removed=1))

    assert samples(metrics, "newstap_topics_total") == {("china",): 2, ("russia",): 1}
    assert samples(metrics, "newstap_removed_lines_total") == {(): 3}
    assert samples(metrics, "newstap_text_source_total") == {("page",): 1, ("feed",): 1, ("archive",): 0}


def test_times_are_observed(metrics):
    metrics.poll_started(2.0)
    metrics.poll_started(-0.01)
    metrics.fetched(0.2)

    text = metrics.render().decode()
    assert "newstap_poll_delay_seconds_sum 2.0\n" in text
    assert 'newstap_poll_delay_seconds_bucket{le="0.1"} 1.0\n' in text
    assert 'newstap_fetch_seconds_bucket{le="0.25"} 1.0\n' in text


def test_topics_that_a_reload_brings_are_known_from_then_on(metrics):
    metrics.saw(record("iran"))
    metrics.know_topics(["iran"])
    metrics.saw(record("iran"))

    assert samples(metrics, "newstap_topics_total")["iran",] == 1
    assert samples(metrics, "newstap_topics_total")["other",] == 1


def test_no_input_makes_more_series_than_announced(metrics):
    """A processor's own topics, a reason made of a URL: they count as `other`."""
    for number in range(3 * MAX_WORDS):
        metrics.saw(record(f"https://host{number}.example/"))
        metrics.page_fell_back(f"reason-{number}")
        metrics.page_fell_back(f"https://host{number}.example/")

    assert samples(metrics, "newstap_topics_total")["other",] == 3 * MAX_WORDS
    assert len(samples(metrics, "newstap_topics_total")) == 3
    assert len(samples(metrics, "newstap_page_fallbacks_total")) == MAX_WORDS + 1
    assert b"example" not in metrics.render()


def test_a_gauge_is_asked_for_its_value_at_each_scrape(metrics):
    waiting = [1, 2, 3]
    metrics.gauge_from("newstap_pending_pages", lambda: len(waiting))
    before = samples(metrics, "newstap_pending_pages")
    waiting.clear()

    assert (before, samples(metrics, "newstap_pending_pages")) == ({(): 3}, {(): 0})


def test_a_gauge_with_a_label_is_asked_for_all_its_values(metrics):
    metrics.gauge_from("newstap_sink_up", lambda: {"files": True, "kafka": False})

    assert samples(metrics, "newstap_sink_up") == {("files",): 1, ("kafka",): 0}


def test_a_gauge_with_two_labels_is_asked_for_by_both(metrics):
    metrics.gauge_from("newstap_consumer_lag", lambda: {("news.articles.v1", "0"): 5, ("news.articles.v1", "1"): 0})

    assert samples(metrics, "newstap_consumer_lag") == {("news.articles.v1", "0"): 5, ("news.articles.v1", "1"): 0}


def test_a_counter_that_others_keep_is_asked_for_too(metrics):
    metrics.gauge_from("newstap_worker_restarts_total", lambda: 4)

    assert samples(metrics, "newstap_worker_restarts_total") == {(): 4}
    assert b"# TYPE newstap_worker_restarts_total counter\n" in metrics.render()


def test_who_asks_later_takes_the_place_of_who_asked_before(metrics):
    metrics.gauge_from("newstap_outbox_rows", lambda: 1)
    metrics.gauge_from("newstap_outbox_rows", lambda: 2)

    assert samples(metrics, "newstap_outbox_rows") == {(): 2}


@pytest.mark.parametrize("name", ["newstap_polls_total", "newstap_fetch_seconds", "newstap_build_info", "made_up"])
def test_only_what_the_catalogue_has_can_be_asked_for(metrics, name):
    with pytest.raises(ValueError, match=f"{name} is no metric that is asked for"):
        metrics.gauge_from(name, lambda: 0)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        pytest.param("newstap_outbox_rows", lambda: 1 / 0, id="raises"),
        pytest.param("newstap_outbox_rows", lambda: {"files": 1}, id="labels where there are none"),
        pytest.param("newstap_sink_up", lambda: 1, id="one value where there are several"),
        pytest.param("newstap_outbox_rows", lambda: None, id="no number"),
    ],
)
def test_a_question_that_fails_is_left_out_and_told_once(metrics, caplog, name, answer):
    metrics.gauge_from(name, answer)
    metrics.gauge_from("newstap_pending_pages", lambda: 7)

    with caplog.at_level(logging.WARNING):
        metrics.render()
        metrics.render()

    assert samples(metrics, name) == {}
    assert samples(metrics, "newstap_pending_pages") == {(): 7}
    assert [line.metric for line in caplog.records] == [name]


def test_it_is_told_which_version_runs(metrics):
    assert {labels[0] for labels in samples(metrics, "newstap_build_info")} == {"1.2.3"}


def test_two_services_in_one_process_count_apart():
    first, second = Metrics(version="1"), Metrics(version="1")
    first.polled("modified")

    assert samples(second, "newstap_polls_total")["modified",] == 0


def asked_all() -> Metrics:
    """Return metrics of which every one has a value."""
    metrics = Metrics(version="1", topics=["china"])
    for metric in CATALOGUE.values():
        if metric.asked:
            value = {("a",) * len(metric.labels): 1.0} if metric.labels else 1.0
            metrics.gauge_from(metric.name, lambda value=value: value)
    metrics.saw(record())
    metrics.page_fell_back("paywall")
    metrics.part_restarted("polling")
    return metrics


def test_everything_rendered_is_in_the_catalogue_with_its_type_labels_and_meaning():
    text = asked_all().render().decode()
    families = {
        family.name + ("_total" if family.type == "counter" else ""): family
        for family in text_string_to_metric_families(text)
        if not family.name.startswith("process_")
    }

    assert set(families) == set(CATALOGUE)
    for name, metric in CATALOGUE.items():
        family = families[name]
        labels = set().union(*(sample.labels for sample in family.samples)) - {"le"}
        assert (family.type, family.documentation, labels) == (metric.kind, metric.meaning, set(metric.labels)), name
    assert "process_resident_memory_bytes" in text
    assert "_created" not in text


def test_names_follow_the_conventions_of_prometheus():
    assert [name for name in CATALOGUE if not re.fullmatch(r"newstap_[a-z_]+", name)] == []
    assert [m.name for m in CATALOGUE.values() if (m.kind == "counter") != m.name.endswith("_total")] == []


def test_the_page_is_the_generated_one():
    """Write it again with the command at the top of `ingest/metrics/catalogue.py`."""
    page = PAGE.read_text("utf-8") if PAGE.exists() else reference()

    assert page == reference()
