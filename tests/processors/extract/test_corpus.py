"""Quality on labelled pages and hostile ones that are not part of the project."""

from __future__ import annotations

import gzip
import importlib.util
import json
import statistics
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from processors.base import Skip
from processors.carried import INSTEAD
from processors.extract.extractor import Extract
from processors.records import Reason
from tests.processors.extract.pages import NO_RULES, page

pytestmark = [pytest.mark.corpus, pytest.mark.slow, pytest.mark.timeout(180)]
EXTRACT = Extract(rules=NO_RULES)
GATED = INSTEAD - {Reason.NO_TEXT, Reason.NOT_HTML, Reason.EMPTY, Reason.TOO_LARGE}
FALSE_POSITIVES = 1 / 400


def _rows(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _evaluator(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("eval_extraction", folder / "eval_extraction.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _text(row: dict[str, Any], refused: list[tuple[str, Reason]]) -> str:
    try:
        return EXTRACT(page(row["html"].encode("utf-8", "surrogatepass"), url=row["url"])).text
    except Skip as skip:
        refused += [(row["id"], skip.reason)] if skip.reason in GATED else []
        return ""


@pytest.mark.parametrize(("name", "floor"), [("aeb", 0.978), ("news", 0.948), ("articles", 0.940)])
def test_f1_does_not_fall_and_no_article_is_refused(corpus: Path, name: str, floor: float) -> None:
    """The floors lie just below what the tree passes reach without any line rule; one page in 400 may be refused."""
    refused: list[tuple[str, Reason]] = []
    rows = _rows(corpus / "extraction" / f"{name}.jsonl.gz")
    score = _evaluator(corpus / "extraction")
    per = [score.ratios(score.shingles(row["body"], False), score.shingles(_text(row, refused), False)) for row in rows]
    precision = statistics.mean(one[0] for one in per if one[2])
    recall = statistics.mean(one[1] for one in per if one[3])
    assert score.f1(precision, recall) >= floor
    assert len(refused) <= FALSE_POSITIVES * len(rows), refused


def test_hostile_pages_give_an_article_or_a_skip(corpus: Path) -> None:
    folder = corpus / "hostile" / "pages"
    outcomes = {}
    for path in sorted(folder.iterdir()):
        try:
            outcomes[path.name] = EXTRACT(page(path.read_bytes(), content_type=None)).text
        except Skip as skipped:
            outcomes[path.name] = skipped.reason
    assert outcomes["binary_pdf.html"] == "not-html"
    assert outcomes["only_script.html"] == "no-text"
    assert all(
        "ordinary paragraph" in outcomes[name] for name in ("nul.html", "meta_charset_utf7.html", "jsonld_types.html")
    )
