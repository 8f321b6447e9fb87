"""Compare extractors on labelled pages: F1, precision, recall and pages per second, each in a process of its own.

    python benchmarks/extraction.py [SET ...] [--no-passes] [--no-metadata] [--cjk] [--only NAME,NAME]

Sets are the `*.jsonl.gz` files of `extraction/` in the folder NEWSTAP_SHARED, or in `../shared` beside the checkout.
F1 is the macro-averaged 4-word-shingle F1 of that folder's `eval_extraction.py`. Speed is CPU time from bytes to text
in one process, the second of two rounds; read the ratio, not the figure. `newstap` is the whole article with
metadata, language and line rules; `newstap text` the text alone, as the others give it. Peers are the `bench` extra;
those that are not installed are named and left out. Then each pass of newstap, alone and left out (--no-passes: not),
and how often its metadata agree with the pages' JSON-LD (--no-metadata: not).
"""

# ruff: noqa: PLC0415 - each extractor is imported by the process that runs it, if it is installed
from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import logging
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("NEWSTAP_SHARED", CHECKOUT.parent / "shared")) / "extraction"
Row = dict[str, Any]
Extractor = Callable[[bytes, Row], str]
sys.path.insert(0, str(CHECKOUT))


def newstap(passes: frozenset[str] | None = None) -> Extractor:
    from processors.base import Skip
    from processors.boilerplate.rules import LineRules
    from processors.extract.extractor import PASSES, Extract
    from processors.records import Form, Mode, Origin, Page

    extract = Extract(rules=LineRules.load(), passes=PASSES if passes is None else passes)
    origin = Origin(mode=Mode.REPLAY)

    def run(body: bytes, row: Row) -> str:
        try:
            return extract(
                Page(form=Form.HTML, body=body, origin=origin, url=row["url"], content_type="text/html; charset=utf-8")
            ).text
        except Skip:
            return ""

    return run


def newstap_text() -> Extractor:
    from processors.boilerplate.rules import LineRules
    from processors.extract.extractor import Extract

    extract = Extract(rules=LineRules([], "none"))
    return lambda body, _: extract.text(body, "text/html; charset=utf-8")


def trafilatura_with(**options: bool) -> Extractor:
    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    return lambda body, _: trafilatura.extract(body.decode(), include_comments=False, **options) or ""


def newspaper() -> Extractor:
    from newspaper import Article, Config

    config = Config()
    config.fetch_images = False

    def run(body: bytes, _: Row) -> str:
        article = Article("https://page.example/article", config=config)
        article.download(input_html=body.decode())
        article.parse()
        return str(article.text)

    return run


def readability() -> Extractor:
    from lxml import html
    from readability import Document

    return lambda body, _: "\n".join(html.fromstring(Document(body.decode()).summary()).itertext())


def resiliparse() -> Extractor:
    from resiliparse.extract.html2text import extract_plain_text

    return lambda body, _: extract_plain_text(body.decode(), main_content=True, comments=False, list_bullets=False)


def goose3() -> Extractor:
    from goose3 import Goose

    logging.getLogger("goose3").setLevel(logging.CRITICAL)  # it warns of every date that it cannot read
    goose = Goose({"enable_image_fetching": False})
    return lambda body, _: goose.extract(raw_html=body.decode()).cleaned_text


def etrafilatura() -> Extractor:
    import etrafilatura as library

    return lambda body, _: library.extract(body.decode()) or ""


EXTRACTORS: dict[str, Callable[[], Extractor]] = {
    "trafilatura": trafilatura_with,
    "trafilatura fast": lambda: trafilatura_with(fast=True),
    "newstap text": newstap_text,
    "newstap": newstap,
    "newspaper4k": newspaper,
    "readability-lxml": readability,
    "resiliparse": resiliparse,
    "goose3": goose3,
    "etrafilatura": etrafilatura,
}


def measure(make: Callable[[], Extractor], rows: Sequence[Row], *, rounds: int) -> tuple[list[str], float, int]:
    """Return the texts, the CPU seconds of the last round and how many pages raised."""
    extract, errors, texts = make(), 0, []
    pages = [row["html"].encode("utf-8", "replace") for row in rows]
    for _ in range(rounds):
        texts, errors, start = [], 0, time.process_time()
        for body, row in zip(pages, rows, strict=True):
            try:
                texts.append(extract(body, row))
            except Exception:  # noqa: BLE001 - a peer may raise anything; it is counted
                texts.append("")
                errors += 1
    return texts, time.process_time() - start, errors


def _child(send: Any, name: str, passes: frozenset[str] | None, rows: Sequence[Row]) -> None:
    try:
        make = EXTRACTORS[name] if passes is None else lambda: newstap(passes)
        send.send(measure(make, rows, rounds=2 if passes is None else 1))
    except ImportError as missing:
        send.send(str(missing))


def apart(name: str, passes: frozenset[str] | None, rows: Sequence[Row]) -> tuple[list[str], float, int] | str:
    """Measure in a fresh process, so that no extractor warms, patches or slows another."""
    receive, send = multiprocessing.get_context("fork").Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_child, args=(send, name, passes, rows))
    process.start()
    result: tuple[list[str], float, int] | str = receive.recv()
    process.join()
    return result


def score(evaluator: ModuleType, rows: Sequence[Row], texts: Sequence[str], *, cjk: bool) -> tuple[float, float, float]:
    """Return F1, precision and recall."""
    pairs = zip(rows, texts, strict=True)
    per = [evaluator.ratios(evaluator.shingles(row["body"], cjk), evaluator.shingles(text, cjk)) for row, text in pairs]
    precision = statistics.mean([one[0] for one in per if one[2]] or [0.0])
    recall = statistics.mean([one[1] for one in per if one[3]] or [0.0])
    return evaluator.f1(precision, recall), precision, recall


def table(name: str, rows: Sequence[Row], only: Sequence[str], *, cjk: bool) -> None:
    evaluator, base = _evaluator(), None
    print(
        f"\n{name}: {len(rows)} pages\n{'extractor':<18} {'F1':>7} {'P':>7} {'R':>7} {'pages/s':>8} {'ratio':>6} errors"
    )
    for label in only or EXTRACTORS:
        result = apart(label, None, rows)
        if isinstance(result, str):
            print(f"{label:<18} not installed: {result}")
            continue
        texts, seconds, errors = result
        base = base or seconds
        f1, precision, recall = score(evaluator, rows, texts, cjk=cjk)
        figures = f"{f1:7.4f} {precision:7.4f} {recall:7.4f} {len(rows) / seconds:8.1f} {base / seconds:6.2f}"
        print(f"{label:<18} {figures} {errors}", flush=True)


def passes_table(name: str, rows: Sequence[Row], *, cjk: bool) -> None:
    """Print what each pass is worth alone (with nothing but trafilatura beside it) and left out of all."""
    from processors.extract.extractor import PASSES

    evaluator = _evaluator()

    def f1(passes: frozenset[str]) -> float:
        result = apart("newstap", passes, rows)
        assert not isinstance(result, str), result
        return score(evaluator, rows, result[0], cjk=cjk)[0]

    print(f"\n{name}\n{'pass':<18} {'alone':>7} {'left out':>9}")
    print(f"{'(none / all)':<18} {f1(frozenset()):7.4f} {f1(PASSES):9.4f}")
    for one in sorted(PASSES):
        print(f"{one:<18} {f1(frozenset([one])):7.4f} {f1(PASSES - {one}):9.4f}", flush=True)


def metadata_table(name: str, rows: Sequence[Row]) -> None:
    """Print how often each field agrees with JSON-LD, as it is and held out."""
    from benchmarks.metadata import table as agreement

    print(f"\n{name}: metadata")
    for line in agreement(rows):
        print(line, flush=True)


def _evaluator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("eval_extraction", SHARED / "eval_extraction.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"no evaluator in {SHARED}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("sets", nargs="*", help="names of sets, all by default")
    parser.add_argument("--no-passes", action="store_true", help="do not measure each pass alone and left out")
    parser.add_argument("--no-metadata", action="store_true", help="do not hold metadata against JSON-LD")
    parser.add_argument("--cjk", action="store_true", help="split Han, Kana and Thai into characters")
    parser.add_argument(
        "--only", default="", help="names of extractors, comma-separated; the first is the ratios' base"
    )
    options = parser.parse_args()
    only = [name for name in options.only.split(",") if name]
    if unknown := set(only) - set(EXTRACTORS):
        parser.error(f"--only: {', '.join(sorted(unknown))}: not among {', '.join(EXTRACTORS)}")
    found = sorted(SHARED.glob("*.jsonl.gz"))
    chosen = [path for path in found if not options.sets or path.name.removesuffix(".jsonl.gz") in options.sets]
    if not chosen:
        raise SystemExit(f"no labelled set in {SHARED}; NEWSTAP_SHARED can name another folder")
    for path in chosen:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        table(path.name, rows, only, cjk=options.cjk)
        if not options.no_passes:
            passes_table(path.name, rows, cjk=options.cjk)
        if not options.no_metadata:
            metadata_table(path.name, rows)


if __name__ == "__main__":
    main()
