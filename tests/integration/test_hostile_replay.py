"""Bad input of every kind in one archive: each is a record, a skip or a dead letter, and the run goes on."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from pathlib import Path

import pytest

from tests.commands import rows
from tests.ingest import oddities
from tests.ingest.newsroom import configured, counts, html, line, newstap

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

SETTINGS = """
[extraction]
worker_timeout_seconds = 4
[[processors]]
use = "oddities:Odd"
"""


def hostile(folder: Path) -> None:
    """Write the archive; a good page stands first and last."""
    folder.mkdir()
    good = html(1).encode()
    torn = gzip.compress("".join(f"{line(n)}\n" for n in range(2000)).encode(), mtime=0)
    files = {
        "00-good.html": good,
        "01-binary.warc.gz": bytes(range(256)) * 64,
        "02-binary.jsonl.gz": b"no gzip at all",
        "03-torn.jsonl.gz": torn[: len(torn) // 2],
        "04-no-text.html": b"<html><body><img src='a.png'><script>let text = 1</script></body></html>",
        "05-empty.html": b"",
        "06-huge.html": b"<html><body><p>" + b"All work and no play. " * 2_400_000,
        "07-latin.html": html(7).replace("bridge", "br\xfcck").encode("latin-1") + b"\xff\xfe\x80",
        "08-nul.html": html(8).replace("stones", "sto\0nes").encode(),
        "09-nested.html": b"<html><body>" + b"<div>" * 100_000 + b"deep" + b"</div>" * 100_000 + html(9).encode(),
        "10-hang.jsonl": (line(10, title="SPIN") + "\n").encode(),
        "11-lines.jsonl": b"\n".join(
            [b'{"text": 1}', b"[]", b'"a"', b"null", b'{"a":' + b"[" * 100_000, b"\xff\xfe", b"", line(9000).encode()]
        ),
        "12-text.txt": b"\xff\xfe\0\0",
        "13-good.html": html(13).encode(),
    }
    for name, body in files.items():
        (folder / name).write_bytes(body)


def test_each_becomes_something_and_the_counts_add_up(tmp_path: Path) -> None:
    hostile(tmp_path / "in")
    shutil.copy(oddities.__file__, tmp_path / "oddities.py")
    out = tmp_path / "out"
    done = newstap("replay", "--config", configured(tmp_path, SETTINGS), tmp_path / "in", "--to", out, cwd=tmp_path)
    assert done.returncode == 0
    records, skipped, letters = counts(out)
    assert f"{records + skipped + letters} documents read: {records} records + {skipped} skipped" in done.stderr
    by_file: dict[str, list[str]] = {}
    for folder in ("records", "skipped", "dead-letters"):
        for row in rows(out / folder):
            name = row["origin"]["archive"]["file"].rpartition("/")[2][:2]
            by_file.setdefault(name, []).append(row.get("reason") or row.get("step") or "record")
    read_torn = by_file.pop("03")
    assert read_torn.count("read") == 1
    assert set(read_torn) <= {"read", "record"}
    assert by_file.pop("09") in (["record"], ["no-text"], ["extract"])
    assert by_file == {
        "00": ["record"],
        "01": ["read"],
        "02": ["read"],
        "04": ["no-text"],
        "05": ["empty"],
        "06": ["too-large"],
        "07": ["record"],
        "08": ["record"],
        "10": ["extract"],
        "11": ["record"] + ["read"] * 6,
        "12": ["empty"],
        "13": ["record"],
    }
    assert not any("\0" in row["text"] for row in rows(out / "records"))


def test_a_hostile_page_is_replayed_from_its_dead_letter(tmp_path: Path) -> None:
    """What hung once is its own input for the next try, counted as the second."""
    shutil.copy(oddities.__file__, tmp_path / "oddities.py")
    config = configured(tmp_path, SETTINGS.replace("= 4", "= 1"))
    (tmp_path / "in.jsonl").write_text(line(1, title="SPIN") + "\n")
    newstap("replay", "--config", config, "in.jsonl", "--to", "one", cwd=tmp_path)
    newstap("replay", "--config", config, "one/dead-letters", "--to", "two", cwd=tmp_path)
    (letter,) = rows(tmp_path / "two" / "dead-letters")
    assert letter["error"] == "over the time limit of 1 s"
    assert json.loads(letter["input"]["body"])["dead_letter"] is True or letter["attempt"] == 2


def test_names_that_are_no_text_and_links_in_circles_end_no_run(tmp_path: Path) -> None:
    """Neither ends in a traceback, and neither is read twice."""
    archive = tmp_path / "in"
    archive.mkdir()
    (archive / "circle.html").symlink_to("circle.html")
    (archive / "nowhere").symlink_to(".")
    Path(os.fsdecode(b"%s/odd-\xff\xfe.jsonl" % os.fsencode(archive))).write_text(line(1) + "\n")
    (archive / "z-good.jsonl").write_text(line(2) + "\n")
    config = configured(tmp_path)
    done = newstap("replay", "--config", config, "in", "--to", "out", cwd=tmp_path)
    again = newstap("replay", "--config", config, "in", "--to", "out", cwd=tmp_path)

    assert done.returncode == again.returncode == 0
    files = [row["origin"]["archive"]["file"] for row in rows(tmp_path / "out" / "records")]
    assert files == ["in/odd-\\xff\\xfe.jsonl", "in/z-good.jsonl"]
    (letter,) = rows(tmp_path / "out" / "dead-letters")
    assert "circle.html: from byte 0 on: [Errno 40]" in letter["error"]
