"""`newstap why`: what is known of a document, from a sink's files alone."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ingest import why
from ingest.config import load
from processors.records import Reason
from sinks.codec import decode_record, encode_record, encode_skipped
from tests.builders import make_skipped
from tests.commands import newstap, rows

if TYPE_CHECKING:
    from pathlib import Path

ARTICLE = "The treaty was signed in Pyongyang. North Korea had asked for it, and North Korean envoys had prepared it."


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("why")
    (folder / "in.jsonl").write_text(
        '{"id": "one", "url": "https://news.example/a?utm_source=x", "title": "North Korea signs", '
        f'"text": "{ARTICLE}\\n(More North Korea stories.)"}}\n'
        '{"id": "two", "title": "", "text": ""}\n{"id": "three", "text": 5}\n',
        encoding="utf-8",
    )
    done = newstap("replay", folder / "in.jsonl", "--to", folder / "out")
    assert done.returncode == 0, done.stderr
    return folder / "out"


def told(wanted: str, folder: Path) -> tuple[int, str]:
    text = io.StringIO()
    return why.why(load(None, {}), wanted, folder, text), text.getvalue()


@pytest.mark.parametrize("wanted", ["one", "https://news.example/a", "https://news.example/a?utm_source=x"])
def test_a_record_is_found_by_document_id_and_by_url(wanted: str, out: Path) -> None:
    code, text = told(wanted, out)

    assert code == 0
    assert "North Korea signs" in text
    assert f"came from: {out.parent / 'in.jsonl'}, byte 0" in text
    assert "line 1" in text


def test_a_record_is_found_by_its_own_id(out: Path) -> None:
    (record,) = rows(out / "records")

    assert told(record["id"], out)[0] == 0


def test_it_shows_what_was_removed_and_which_phrases_gave_which_topic(out: Path) -> None:
    text = told("one", out)[1]

    assert "removed by more-stories: (More North Korea stories.)" in text
    assert "topic north-korea: score" in text
    assert "[Pyongyang]" in text


def test_it_shows_phrases_that_boilerplate_rules_took_out(out: Path) -> None:
    """Two stand in the removed line's topic; the line says that they did not count, and by which rule they went."""
    assert (
        "primary in removed text, ignored: boilerplate, rule more-stories: …(More [North Korea] stories.)…"
        in told("one", out)[1]
    )


def test_it_shows_what_was_ignored_and_why(tmp_path: Path) -> None:
    """A dateline, a credit line, the outlet's own name, a blocked phrase, and a topic only boilerplate is about."""
    text = (
        "MOSCOW (Agency) -- The bridge by Beijing Road opened on Monday, the Russian Bridge Gazette reports. "
        "A Moscow mule was had by all.\n(More China stories.)\nThe ferry stays (reporting by A. Writer in Moscow)."
    )
    page = {"id": "bridge", "title": "The bridge opens", "text": text}
    (tmp_path / "in.jsonl").write_text(json.dumps(page) + "\n", encoding="utf-8")
    assert newstap("replay", tmp_path / "in.jsonl", "--to", tmp_path / "out").returncode == 0
    record = decode_record((tmp_path / "out" / "records" / "part-000001.jsonl").read_bytes())
    named = replace(record, article=replace(record.article, site="Russian Bridge Gazette"))
    (tmp_path / "out" / "records" / "part-000001.jsonl").write_bytes(encode_record(named) + b"\n")

    shown = told("bridge", tmp_path / "out")[1]
    for reason, phrase in [
        ("dateline", "[MOSCOW]"),
        ("credit line", "A. Writer in [Moscow])"),
        ("outlet's own name", "[Russian] Bridge Gazette"),
        ("blocked phrase", "[Moscow mule]"),
        ("namesake place", "[Beijing] Road"),
        ("boilerplate, rule more-stories", "[China] stories"),
    ]:
        assert any(f"ignored: {reason}: " in line and phrase in line for line in shown.splitlines()), reason
    assert "no topic russia: score 0.00" in shown


def test_topics_that_are_not_enabled_are_explained_where_the_record_has_them(tmp_path: Path) -> None:
    page = {"id": "bridge", "title": "Taiwan opens a bridge", "text": "Taipei paid for it."}
    own = tmp_path / "bridges.toml"
    own.write_text('name = "bridges"\n[primary]\nen = ["bridge"]\n', encoding="utf-8")
    (tmp_path / "in.jsonl").write_text(json.dumps(page) + "\n", encoding="utf-8")
    (tmp_path / "newstap.toml").write_text('[topics]\npaths = ["bridges.toml"]\n', encoding="utf-8")
    arguments = ("--to", tmp_path / "out", "--topics", "taiwan,bridges", "--config", tmp_path / "newstap.toml")
    assert newstap("replay", tmp_path / "in.jsonl", *arguments).returncode == 0

    shown = told("bridge", tmp_path / "out")[1]
    assert "the topic definitions are not those it was tagged with" in shown
    assert "  topic bridges: there is no such definition today\n" in shown
    assert "  topic taiwan: score" in shown


def test_a_skipped_document_tells_its_reason(out: Path) -> None:
    assert "skipped: empty" in told("two", out)[1]


def test_an_unknown_document_is_an_exit_code_of_1(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told("four", out) == (1, "")
    assert "nothing with the id or URL 'four'" in capsys.readouterr().err


def test_it_shows_where_each_value_comes_from(tmp_path: Path) -> None:
    """Of a page: its own words; of what only the line said: the hint. A line of an earlier version says nothing."""
    prose = "".join(f"<p>{ARTICLE} It was signed for the {n}th time.</p>" for n in range(9))
    head = '<meta property="og:title" content="North Korea signs"><meta name="author" content="Ada Quill">'
    page = {
        "id": "paged", "url": "https://news.example/b", "published": "2024-05-01T08:30:00+09:00",
        "html": f"<html lang='en'><head>{head}</head><body><article>{prose}</article></body></html>",
    }  # fmt: skip
    (tmp_path / "in.jsonl").write_text(json.dumps(page) + "\n", encoding="utf-8")
    assert newstap("replay", tmp_path / "in.jsonl", "--to", tmp_path / "out").returncode == 0

    text = told("paged", tmp_path / "out")[1]

    for line in (
        "title: from meta:og:title",
        "authors: Ada Quill (from meta:author)",
        "published: 2024-05-01T08:30:00+09:00 (from hint)",
        "language: en (from html:lang)",
        "canonical_url: https://news.example/b (from url)",
    ):
        assert f"  {line}\n" in text
    record = next((tmp_path / "out" / "records").glob("*.jsonl"))
    earlier = json.loads(record.read_bytes())
    del earlier["provenance"]
    record.write_text(json.dumps(earlier) + "\n", encoding="utf-8")
    assert "  authors: Ada Quill\n" in told("paged", tmp_path / "out")[1]


def test_it_says_since_when_an_article_is_gone(tmp_path: Path) -> None:
    """By the id of what was published: the line about it is a skip, which has none of its own."""
    skipped = make_skipped(reason=Reason.GONE, detail="0123456789abcdef0123456789abcdef")
    (tmp_path / "skipped").mkdir()
    (tmp_path / "skipped" / "active.jsonl").write_bytes(encode_skipped(skipped) + b"\n")

    code, text = told("0123456789abcdef0123456789abcdef", tmp_path)

    assert code == 0
    assert "skipped: gone: 0123456789abcdef0123456789abcdef\n  gone since 20" in text
