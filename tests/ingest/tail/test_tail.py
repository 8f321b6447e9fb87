"""`newstap tail` on files: what was there, what comes, and how it ends; as a process, as its user sees it."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ingest.commandline import parser
from ingest.config import load
from ingest.tail.display import coloured
from ingest.tail.follow import options_of, tail
from sinks.codec import encode_record
from sinks.files import FilesSink
from tests.builders import make_article, make_item, make_origin, make_record
from tests.ingest.newsroom import asked_to_end, begun, newstap
from tests.sinks.files_driver import FileLedger

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime.now(UTC)


def line(n: int, **fields: Any) -> bytes:
    """A record's line, `n` hours old."""
    published = NOW - timedelta(hours=n)
    article = make_article(**{"title": f"Notice {n}", "published": published, "topics": ()} | fields)
    origin = make_origin(fetched=published + timedelta(minutes=1))
    return encode_record(make_record(id=f"record-{n}", article=article, origin=origin))


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[FilesSink]:
    made = FilesSink(tmp_path / "out", FileLedger(tmp_path / "ledger.json"), compression="zstd")
    made.open()
    yield made
    made.close()


def written(sink: FilesSink, *bodies: bytes) -> None:
    seq = sink._ledger.last()
    sink.write([make_item(seq=seq + n, body=body) for n, body in enumerate(bodies, 1)])
    sink.flush(seq + len(bodies))


def next_line(process: subprocess.Popen[str]) -> str:
    """What it writes next."""
    assert process.stdout is not None
    return process.stdout.readline()


def texts(*bodies: bytes) -> list[str]:
    return [f"{body.decode()}\n" for body in bodies]


def titles(out: str) -> list[str]:
    return [json.loads(body)["title"] for body in out.splitlines()]


def test_the_newest_are_shown_and_then_what_comes(tmp_path: Path, sink: FilesSink) -> None:
    """Byte for byte, through a rotation; SIGTERM ends it with 0."""
    bodies = [line(9 - n) for n in range(9)]
    written(sink, *bodies[:5])
    with begun("tail", "--to", "out", "--json", "-n", "2", cwd=tmp_path) as process:
        assert [next_line(process), next_line(process)] == texts(*bodies[3:5])
        written(sink, bodies[5])
        assert next_line(process) == texts(bodies[5])[0]
        written(sink, bodies[6])
        sink.finish()
        written(sink, *bodies[7:])
        assert [next_line(process) for _ in range(3)] == texts(*bodies[6:])
        asked_to_end(process)
        out, err = process.communicate(timeout=50)
    assert (process.returncode, out, err) == (0, "", "")


def test_ctrl_c_ends_it_with_0(tmp_path: Path, sink: FilesSink) -> None:
    written(sink, line(1))
    with begun("tail", "--to", "out", cwd=tmp_path) as process:
        assert "no date" not in next_line(process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=50)
    assert (process.returncode, err) == (0, "")


def test_a_reader_that_goes_ends_it_though_nothing_more_comes(tmp_path: Path, sink: FilesSink) -> None:
    """As `newstap tail | head -1` does."""
    written(sink, line(1))
    with begun("tail", "--to", "out", cwd=tmp_path) as process:
        next_line(process)
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(50) == 0
        assert process.stderr is not None
        assert not process.stderr.read()


def test_a_reader_that_goes_in_the_middle_of_much_ends_it(tmp_path: Path, sink: FilesSink) -> None:
    written(sink, *(line(1, text="word " * 5000) for _ in range(40)))
    with begun("tail", "--to", "out", "--json", "--from-start", cwd=tmp_path) as process:
        next_line(process)
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(50) == 0


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["-n", "2"], [2, 1]),
        (["-n", "0"], []),
        (["--from-start"], [4, 3, 2, 1]),
        (["--since", "150m"], [2, 1]),
        (["--since", (NOW - timedelta(hours=3, minutes=1)).isoformat()], [3, 2, 1]),
        (["--topic", "russia"], [3, 1]),
        (["--topic", "russia", "--topic", "china", "-n", "2"], [2, 1]),
        (["--language", "pt,de"], [4, 2]),
        (["--site", "harbour gaz"], [3]),
        (["--host", "courier.example"], [2]),
        (["--text", "FERRY strasse"], [4]),
        (["--topic", "russia", "--language", "de"], []),
    ],
)
def test_filters_and_beginnings(tmp_path: Path, sink: FilesSink, options: list[str], expected: list[int]) -> None:
    """`-n` counts what the filters leave."""

    def tagged(*names: str) -> tuple[Any, ...]:
        (tag,) = make_article().topics[:1]
        return tuple(type(tag)(topic=name, score=0.5, evidence=()) for name in names)

    written(sink, line(4, language="de", text="Die Ferry in der Hafenstraße.", site=None))
    written(sink, line(3, topics=tagged("russia"), site="The Harbour Gazette", language="en"))
    sink.finish()
    written(sink, line(2, topics=tagged("china"), language="pt-BR", site=None, url="https://www.courier.example/2"))
    written(sink, line(1, topics=tagged("china", "russia"), language="en", site=None))
    given = parser().parse_args(["tail", "--to", str(tmp_path / "out"), "--json", "--once", *options])
    out = io.TextIOWrapper(io.BytesIO())
    assert tail(load(None, {}), options_of(given), threading.Event(), out) == 0
    assert titles(out.buffer.getvalue().decode()) == [f"Notice {n}" for n in expected]


def test_the_configured_folder_is_followed_before_there_is_anything(tmp_path: Path) -> None:
    (tmp_path / "news.toml").write_text('[sinks.files]\npath = "mine"\n')
    with begun("tail", "--json", "--config", "news.toml", cwd=tmp_path) as process:
        assert process.stderr is not None
        assert "nothing was written there yet" in process.stderr.readline()
        sink = FilesSink(tmp_path / "mine", FileLedger(tmp_path / "ledger.json"))
        sink.open()
        written(sink, line(1))
        sink.close()
        assert titles(next_line(process)) == ["Notice 1"]
        asked_to_end(process)
        assert process.wait(50) == 0


def test_what_is_no_record_is_passed_over_with_a_word(tmp_path: Path, sink: FilesSink) -> None:
    written(sink, b'{"schema": 1}', line(1))
    done = newstap("tail", "--to", "out", "--once", cwd=tmp_path)
    assert "passed over, no record" in done.stderr
    assert "Notice 1" in done.stdout


@pytest.mark.parametrize(
    "options", [["--since", "yesterday"], ["-n", "-1"], ["--kafka"], ["--to", "a", "--kafka", "b:1"]]
)
def test_wrong_options_are_told(tmp_path: Path, options: list[str]) -> None:
    done = newstap("tail", *options, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_are_for_terminals_whose_user_wants_them() -> None:
    assert coloured(Terminal(), {"TERM": "xterm", "NO_COLOR": ""})
    assert not coloured(io.StringIO(), {"TERM": "xterm"})
    assert not coloured(Terminal(), {"TERM": "xterm", "NO_COLOR": "1"})
    assert not coloured(Terminal(), {"TERM": "dumb"})


def test_on_a_terminal_there_are_colours(tmp_path: Path, sink: FilesSink) -> None:
    written(sink, line(1))
    ours, theirs = os.openpty()
    env = {**os.environ, "TERM": "xterm", "NO_COLOR": ""}
    with begun("tail", "--to", "out", "--once", cwd=tmp_path, stdout=theirs, env=env) as process:
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
        assert process.wait(50) == 0
    os.close(ours)
    assert b"\x1b[1mNotice 1\x1b[0m" in shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # EIO: nobody has the other end any more
        return b""
