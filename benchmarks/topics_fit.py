"""Fits the tagger's weights on a labelled set, cross-validated, and prints the tables of docs/topics.md.

    python benchmarks/topics_fit.py ../shared/topics/dev.jsonl.gz

A row is a (document, topic) pair in which a phrase of the topic counted. The model is a logistic regression whose
weights may not be negative, with an L2 penalty. Folds are made of documents, by hash of their id, anew for each split:
what one split says of a variant, another takes back; counts are means over the splits. The weights it prints are what
`processors/topics/aboutness.py` holds. Needs numpy, which newstap itself does not.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.records import Article
from processors.topics import aboutness
from processors.topics.definitions import load
from processors.topics.tag import TagTopics

Array = NDArray[np.float64]
MAIN = ("china", "north-korea", "russia")
FOLDS = 10
SPLITS = 8
PENALTY = 1.0
GRID = np.arange(0.2, 0.7, 0.01)


class Pair(NamedTuple):
    """One document and topic; `features` is None where no phrase counted."""

    document: str
    topic: str
    source: str
    gold: bool
    features: tuple[float, ...] | None


def read_pairs(path: Path, language: str | None) -> list[Pair]:
    """Every scored pair of the set."""
    tagger = TagTopics(load(None))
    pairs = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            declared = language if row["lang"] == "en" else None
            made = tagger.explain(Article(title=row["title"], text=row["text"], language=declared))
            found = {one.topic: tuple(one.features.values()) or None for one in made}
            pairs += [_pair(row, topic, found) for topic in row["scored_topics"] if topic not in row["optional"]]
    return pairs


def _pair(row: dict[str, Any], topic: str, found: dict[str, tuple[float, ...] | None]) -> Pair:
    return Pair(row["id"], topic, row["source_set"], topic in row["gold"], found.get(topic))


def fit(rows: Array, gold: Array) -> Array:
    """Bias and weights, the weights at least 0: accelerated projected gradient on the penalised log loss."""
    design = np.column_stack([np.ones(len(rows)), rows])
    penalty = np.full(design.shape[1], PENALTY)
    penalty[0] = 0.0
    step = 1.0 / (0.25 * np.linalg.norm(design, 2) ** 2 + PENALTY)
    weights = np.zeros(design.shape[1])
    ahead, momentum = weights, 1.0
    for _ in range(6_000):
        slope = design.T @ (_sigmoid(design @ ahead) - gold) + penalty * ahead
        moved = ahead - step * slope
        moved[1:] = np.maximum(moved[1:], 0.0)
        grown = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        ahead = moved + (momentum - 1) / grown * (moved - weights)
        weights, momentum = moved, grown
    return weights


def _sigmoid(values: Array) -> Array:
    return 1 / (1 + np.exp(-values))


def predict(weights: Array, rows: Array) -> Array:
    """Scores of the rows."""
    return _sigmoid(weights[0] + rows @ weights[1:])


def best_threshold(scores: Array, gold: Array) -> float:
    """The middle of the thresholds whose micro F1 is within 0.002 of the best."""
    reached = np.array([_f1(scores >= cut, gold) for cut in GRID])
    return float(np.median(GRID[reached >= reached.max() - 0.002]))


def _f1(tagged: NDArray[np.bool_], gold: Array) -> float:
    hit = float((tagged & (gold > 0)).sum())
    return 2 * hit / (tagged.sum() + gold.sum()) if hit else 0.0


def cross_validate(
    pairs: list[Pair], rows: Array, gold: Array, split: int
) -> tuple[Array, NDArray[np.bool_], list[float]]:
    """Each row's score, and whether it is tagged, by weights and a threshold that saw nothing of its document."""
    folds = np.array([int(hashlib.sha256(f"{split}{p.document}".encode()).hexdigest(), 16) % FOLDS for p in pairs])
    scores, tagged, cuts = np.zeros(len(pairs)), np.zeros(len(pairs), dtype=bool), []
    for fold in range(FOLDS):
        out = folds == fold
        weights = fit(rows[~out], gold[~out])
        cuts.append(best_threshold(predict(weights, rows[~out]), gold[~out]))
        scores[out] = predict(weights, rows[out])
        tagged[out] = scores[out] >= cuts[-1]
    return scores, tagged, cuts


def calibration(scores: Array, gold: Array, bins: int = 5) -> list[tuple[float, float, int]]:
    """Mean score, share of gold and size of each of `bins` equally large bins."""
    order = np.argsort(scores, kind="stable")
    return [
        (float(scores[part].mean()), float(gold[part].mean()), len(part))
        for part in np.array_split(order, bins)
        if len(part)
    ]


def expected_error(table: list[tuple[float, float, int]]) -> float:
    """Mean distance between score and share of gold, weighted by the bins' sizes."""
    return sum(abs(mean - share) * size for mean, share, size in table) / sum(size for *_, size in table)


def print_scores(title: str, pairs: list[Pair], splits: list[set[tuple[str, str]]]) -> None:
    """Precision, recall and F1 by topic and by source set, over what was tagged in each split."""
    groups: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for pair, tagged in ((pair, tagged) for tagged in splits for pair in pairs):
        mine = (pair.document, pair.topic) in tagged
        kind = 0 if mine and pair.gold else 1 if mine else 2 if pair.gold else None
        if kind is None:
            continue
        wide = ["three topics", f"three: {pair.source}"] if pair.topic in MAIN else []
        for group in (pair.topic, pair.source, "all topics", *wide):
            groups[group][kind] += 1
    print(f"\n{title}\n{'':22s}      P      R     F1      TP     FP     FN")
    for group, (hit, wrong, missed) in sorted(groups.items()):
        precision, recall = hit / max(1, hit + wrong), hit / max(1, hit + missed)
        f1 = 2 * hit / max(1, 2 * hit + wrong + missed)
        counts = "".join(f" {count / len(splits):6.1f}" for count in (hit, wrong, missed))
        print(f"{group:22s} {precision:6.3f} {recall:6.3f} {f1:6.3f} {counts}")


def print_validation(pairs: list[Pair], known: list[Pair], rows: Array, gold: Array) -> None:
    """Accuracy and calibration by weights and thresholds that saw nothing of the document."""
    results = [cross_validate(known, rows, gold, split) for split in range(SPLITS)]
    cuts = [cut for *_, found in results for cut in found]
    print_scores(
        f"cross-validated, {SPLITS} splits of {FOLDS} folds, thresholds {min(cuts):.2f} to {max(cuts):.2f}",
        pairs,
        [{(p.document, p.topic) for p, mark in zip(known, marks, strict=True) if mark} for _, marks, _ in results],
    )
    print_calibration("cross-validated", np.concatenate([scores for scores, *_ in results]), np.tile(gold, SPLITS))


def print_calibration(title: str, scores: Array, gold: Array) -> None:
    """The five bins."""
    table = calibration(scores, gold)
    print(f"\ncalibration, {title}: expected error {expected_error(table):.3f}")
    for mean, share, size in table:
        print(f"  mean score {mean:.3f}  gold {share:.3f}  pairs {size}")


def main() -> None:
    """Print fit, accuracy and calibration, cross-validated and with the shipped weights."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("gold", type=Path)
    options.add_argument("--language", help="declare this language for documents whose label says so, such as en")
    chosen = options.parse_args()
    pairs = read_pairs(chosen.gold, chosen.language)
    known = [pair for pair in pairs if pair.features is not None]
    rows = np.array([pair.features for pair in known], dtype=np.float64)
    gold = np.array([pair.gold for pair in known], dtype=np.float64)
    print(f"{len(pairs)} pairs, {len(known)} with a phrase, {int(gold.sum())} of them gold")

    weights = fit(rows, gold)
    cut = best_threshold(predict(weights, rows), gold)
    print(f"\nfit on all: bias {weights[0]:.2f}, threshold {cut:.2f}")
    for name, weight in zip(aboutness.WEIGHTS, weights[1:], strict=True):
        print(f"  {name:10s} {weight:5.2f}   shipped {aboutness.WEIGHTS[name]:5.2f}")

    print_validation(pairs, known, rows, gold)
    shipped = predict(np.array([aboutness.BIAS, *aboutness.WEIGHTS.values()]), rows)
    print_scores(
        "shipped weights and thresholds",
        pairs,
        [{(p.document, p.topic) for p, score in zip(known, shipped, strict=True) if score >= aboutness.THRESHOLD}],
    )
    print_calibration("shipped", shipped, gold)


if __name__ == "__main__":
    main()
