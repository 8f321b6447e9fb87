from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.stories import window
from processors.stories.linker import Linker
from processors.stories.stored import cluster_from_bytes, cluster_to_bytes, document_from_bytes, document_to_bytes
from tests.processors.stories.newsroom import record, stream


def snapshot(linker):
    documents, clusters = linker.kept()
    return [*map(document_to_bytes, documents), *map(cluster_to_bytes, clusters)]


def restored(linker):
    """The linker that a new process makes of what was kept."""
    documents, clusters = linker.kept()
    return Linker(
        [document_from_bytes(document_to_bytes(one)) for one in documents],
        [cluster_from_bytes(cluster_to_bytes(one)) for one in clusters],
    )


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_one_order_gives_one_result(seed) -> None:
    records = stream(seed, 60)
    one, two = Linker(), Linker()

    assert [one.link(each) for each in records] == [two.link(each) for each in records]
    assert snapshot(one) == snapshot(two)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 120))
def test_a_restored_linker_goes_on_as_the_other_would_have(seed, cut) -> None:
    """Restored at any point; the stream is longer than the window, so that documents and stories leave."""
    records = stream(seed, 120)
    whole = Linker()
    wanted = [whole.link(each) for each in records]

    before = Linker()
    found = [before.link(each) for each in records[:cut]]
    after = restored(before)
    found += [after.link(each) for each in records[cut:]]

    assert found == wanted
    assert snapshot(after) == snapshot(whole)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000))
def test_changes_are_all_there_is_to_keep(seed) -> None:
    """Whoever applies them in their order holds what the linker holds."""
    linker = Linker()
    documents, clusters = {}, {}
    for number, each in enumerate(stream(seed, 120)):
        linker.link(each)
        if number % 7 == 3:
            apply(linker.changes(), documents, clusters)
    apply(linker.changes(), documents, clusters)

    assert [*documents.values(), *(clusters[number] for number in sorted(clusters))] == snapshot(linker)


def apply(changes, documents, clusters):
    documents.update({one.number: document_to_bytes(one) for one in changes.documents})
    clusters.update({number: cluster_to_bytes(one) for number, one in changes.clusters.items()})
    for number in [number for number in documents if number < changes.left]:
        del documents[number]
    for number in changes.dropped:
        clusters.pop(number, None)


def test_another_process_with_another_hash_seed_gives_the_same() -> None:
    script = (
        "from tests.processors.stories.newsroom import stream\n"
        "from tests.processors.stories.test_linker import told\n"
        "print(told(stream(5, 80)))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "77")
    }

    assert outputs == {told(stream(5, 80))}


def told(records):
    linker = Linker()
    return json.dumps([[str(links.dup), str(links.story)] for links in map(linker.link, records)])


def test_the_window_is_bounded_by_time() -> None:
    linker = Linker()
    sizes = []
    for each in stream(3, 400):
        linker.link(each)
        documents, clusters = linker.kept()
        sizes.append((len(documents), len(clusters)))

    assert max(size for size, _ in sizes[-100:]) <= window.KEPT / 3_600 / 0.6 + 2
    assert all(stories <= documents for documents, stories in sizes)


def test_the_window_is_bounded_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "MOST", 50)
    linker = Linker()
    for number in range(200):
        linker.link(record(f"r{number}", f"Title {number}", "", number / 1_000))

    assert len(linker.kept()[0]) == 50


def test_one_wrong_date_does_not_empty_the_window() -> None:
    linker = Linker()
    for each in stream(3, 60):
        linker.link(each)
    before = len(linker.kept()[0])
    linker.link(record("wrong", "From the future", "", 24 * 365 * 70))

    assert len(linker.kept()[0]) >= before - 4


@pytest.mark.parametrize("text", ["", " ", "\ud800 broken \udfff", "x" * 100_000, "1 2 3 4 5 6 7 8 9 10 11 12"])
def test_any_text_can_be_linked(text) -> None:
    linker = Linker()
    for name in ("a", "b"):
        linker.link(record(name, text[:50], text))

    assert snapshot(restored(linker)) == snapshot(linker)


def test_what_is_linked_is_not_changed() -> None:
    one = record("a", "Title", "Text")
    before = replace(one)
    Linker().link(one)

    assert one == before
