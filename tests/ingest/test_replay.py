"""`newstap replay` as a process: jobs, resuming, signals, what it says and what it leaves."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

from tests.commands import rows
from tests.ingest import oddities
from tests.ingest.newsroom import (
    archive,
    asked_to_end,
    begun,
    configured,
    counts,
    descendants,
    gone,
    html,
    keys,
    line,
    newstap,
    settings,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def replay(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`replay(...)`: `newstap replay` with a quick configuration."""
    config = configured(tmp_path)

    def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        return newstap("replay", "--config", config, *arguments, cwd=tmp_path, **options)

    return run


def lines(folder: Path, *rows: str, name: str = "lines.jsonl") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("".join(f"{row}\n" for row in rows))
    return folder


def odd(folder: Path) -> Path:
    shutil.copy(oddities.__file__, folder / "oddities.py")
    return configured(folder, '[[processors]]\nuse = "oddities:Odd"\noptions = {note = " So it was noted."}\n')


def test_everything_is_accounted_for_and_two_workers_do_as_one(tmp_path: Path, replay: Any, out: Path) -> None:
    inputs = archive(tmp_path / "in", 10, 100)
    done = replay(inputs, "--to", out, "--workers", 2)
    assert (done.returncode, done.stdout) == (0, "")
    assert (
        "110 documents read: 80 records + 20 skipped (duplicate 10, empty 10) + 10 dead letters (read 10)"
        in done.stderr
    )
    assert replay(inputs, "--to", tmp_path / "one", "--workers", 1).returncode == 0
    assert counts(out) == (80, 20, 10)
    for name in ("records", "skipped", "dead-letters"):
        (mine,), (other,) = ((folder / name).iterdir() for folder in (out, tmp_path / "one"))
        assert mine.read_bytes() == other.read_bytes()
    assert not list(out.glob("*/active.jsonl")), "a replay finishes the active file"


def test_one_is_not_many(tmp_path: Path, replay: Any, out: Path) -> None:
    done = replay(lines(tmp_path / "in", line(1)), "--to", out)
    assert "1 document read: 1 record + 0 skipped + 0 dead letters" in done.stderr


def test_a_finished_job_run_again_delivers_nothing_and_says_so(tmp_path: Path, replay: Any, out: Path) -> None:
    inputs = archive(tmp_path / "in", 2, 10)
    replay(inputs, "--to", out)
    before = {path: path.read_bytes() for path in out.glob("*/*.jsonl")}
    again = replay(inputs, "--to", out)
    assert again.returncode == 0
    assert "nothing new" in again.stderr
    assert {path: path.read_bytes() for path in out.glob("*/*.jsonl")} == before


def test_a_folder_of_output_is_still_the_jobs_own_when_it_has_moved(tmp_path: Path, replay: Any, out: Path) -> None:
    inputs = archive(tmp_path / "in", 0, 3)
    replay(inputs, "--to", out)
    out.rename(tmp_path / "moved")
    again = replay(inputs, "--to", tmp_path / "moved")
    assert again.returncode == 0
    assert "nothing new" in again.stderr


def test_a_state_put_back_to_an_older_copy_is_refused_until_a_restart(tmp_path: Path, replay: Any, out: Path) -> None:
    inputs = lines(tmp_path / "in", line(1), name="a.jsonl")
    replay(inputs, "--to", out)
    shutil.copytree(out / ".newstap", tmp_path / "older")
    replay(lines(inputs, line(2), name="b.jsonl"), "--to", out)
    shutil.rmtree(out / ".newstap")
    shutil.copytree(tmp_path / "older", out / ".newstap")

    refused = replay(inputs, "--to", out)
    assert refused.returncode == 1
    assert f"{out}: 2 items were delivered here, but this state only knows of 1" in refused.stderr
    assert len(rows(out / "records")) == 2
    assert replay(inputs, "--to", out, "--restart").returncode == 0
    assert len(rows(out / "records")) == 2


def test_settings_that_changed_since_a_job_began_are_told(tmp_path: Path, replay: Any, out: Path) -> None:
    inputs = archive(tmp_path / "in", 0, 3)
    assert "have changed" not in replay(inputs, "--to", out).stderr
    assert "have changed" not in replay(inputs, "--to", out).stderr
    assert "have changed since this job began" in replay(inputs, "--to", out, "--topics", "taiwan").stderr


def test_a_whole_folder_of_output_can_be_replayed(tmp_path: Path, replay: Any, out: Path) -> None:
    """Records come again, a skipped line is skipped again."""
    replay(lines(tmp_path / "in", line(1), '{"title": "", "text": ""}'), "--to", out)
    again = replay(out, "--to", tmp_path / "again")
    assert again.returncode == 0
    assert [row["id"] for row in rows(tmp_path / "again" / "records")] == [row["id"] for row in rows(out / "records")]
    assert [row["reason"] for row in rows(tmp_path / "again" / "skipped")] == ["empty"]
    assert rows(tmp_path / "again" / "dead-letters") == []


def test_a_file_that_joined_a_directory_is_read_by_the_next_run(tmp_path: Path, replay: Any, out: Path) -> None:
    inputs = lines(tmp_path / "in", line(1))
    replay(inputs, "--to", out)
    lines(inputs, line(2), name="more.jsonl")
    assert "1 document read" in replay(inputs, "--to", out).stderr
    assert [row["title"] for row in rows(out / "records")] == ["Notice 1", "Notice 2"]


def test_a_file_that_changed_is_refused(tmp_path: Path, replay: Any, out: Path) -> None:
    inputs = lines(tmp_path / "in", line(1))
    replay(inputs, "--to", out)
    lines(inputs, line(2))
    done = replay(inputs, "--to", out)
    assert done.returncode == 1
    assert "lines.jsonl: not what this job read before" in done.stderr
    assert "nothing new" not in done.stderr


def test_restart_replaces_the_files(tmp_path: Path, replay: Any, out: Path) -> None:
    inputs = lines(tmp_path / "in", line(1), line(2))
    replay(inputs, "--to", out)
    lines(inputs, line(3))
    done = replay(inputs, "--to", out, "--restart")
    assert done.returncode == 0
    assert [(row["title"], row["revision"]["n"]) for row in rows(out / "records")] == [("Notice 3", 1)]
    assert "accounted for before" not in done.stderr


def test_the_output_of_another_job_is_refused_and_kept(tmp_path: Path, replay: Any, out: Path) -> None:
    replay(lines(tmp_path / "in", line(1)), "--to", out)
    for more in ((), ("--restart",)):
        done = replay(lines(tmp_path / "other", line(2)), "--to", out, *more)
        assert done.returncode == 2
        assert "holds the output of another job" in done.stderr
        assert done.stderr.count("\n") == 1
    assert len(rows(out / "records")) == 1


@pytest.mark.parametrize("more", [(), ("--restart",)])
def test_foreign_files_are_refused_and_kept(tmp_path: Path, replay: Any, out: Path, more: tuple[str, ...]) -> None:
    (out / "records").mkdir(parents=True)
    (out / "records" / "mine.jsonl").write_text("precious\n")
    done = replay(lines(tmp_path / "in", line(1)), "--to", out, *more)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "holds files of something else" in done.stderr
    assert (out / "records" / "mine.jsonl").read_text() == "precious\n"


def test_a_target_that_is_a_file_is_a_clear_line(tmp_path: Path, replay: Any, out: Path) -> None:
    out.write_text("a file\n")
    done = replay(lines(tmp_path / "in", line(1)), "--to", out)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "Not a directory" in done.stderr


def test_a_second_process_is_refused_with_one_line(tmp_path: Path, replay: Any, out: Path) -> None:
    arguments = (lines(tmp_path / "in", *map(line, range(100))), "--to", out, "--rate", 1)
    with begun("replay", "--config", configured(tmp_path), *arguments, cwd=tmp_path) as first:
        _until((out / "records").exists)
        second = replay(*arguments)
        assert (second.returncode, second.stderr.count("\n")) == (2, 1)
        assert f"in use by another newstap process (pid {first.pid})" in second.stderr
        first.kill()


def test_a_dry_run_prints_records_and_leaves_nothing(tmp_path: Path, replay: Any) -> None:
    inputs = archive(tmp_path / "in", 2, 10)
    before = set(tmp_path.rglob("*"))
    with TemporaryDirectory(dir="/tmp") as short:  # the names of sockets in it have room for some hundred bytes
        done = replay(inputs, "--dry-run", "--to", tmp_path / "never", env=settings(TMPDIR=short))
        assert not list(Path(short).iterdir())
    assert done.returncode == 0
    assert [json.loads(row)["title"] for row in done.stdout.splitlines()][-2:] == ["Bridge report 0", "Bridge report 1"]
    assert len(done.stdout.splitlines()) == 9
    assert set(tmp_path.rglob("*")) == before


def test_a_folder_for_temporary_files_with_too_long_a_name_is_told(tmp_path: Path, replay: Any, out: Path) -> None:
    long = tmp_path / ("a" * 100)
    long.mkdir()
    done = replay(lines(tmp_path / "in", line(1)), "--to", out, env=settings(TMPDIR=str(long)))
    assert done.returncode == 2
    assert done.stderr == f"{long}: AF_UNIX path too long; set TMPDIR to a shorter folder that can be written\n"


@pytest.mark.slow
def test_a_dry_run_is_not_held_back_by_what_it_has_printed(tmp_path: Path, replay: Any) -> None:
    done = replay(lines(tmp_path / "in", *map(line, range(6000))), "--dry-run")
    assert (done.returncode, done.stdout.count("\n")) == (0, 6000)


def test_a_reader_that_leaves_ends_a_dry_run_in_silence(tmp_path: Path) -> None:
    inputs = lines(tmp_path / "in", *(line(n, text="The ferry left. " * 200) for n in range(1000)))
    with begun("replay", "--config", configured(tmp_path), inputs, "--dry-run", cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(timeout=60) == 1
    assert "Traceback" not in said
    assert "BrokenPipe" not in said


def test_topics_of_the_command_line_replace_those_of_the_configuration(tmp_path: Path, replay: Any, out: Path) -> None:
    text = "Pyongyang said on Monday that North Korea had tested a missile. North Korea gave no details."
    inputs = lines(tmp_path / "in", line(1, title="North Korea tests a missile", text=text))
    replay(inputs, "--to", out)
    assert rows(out / "records")[0]["topics"] == []
    replay(inputs, "--to", out, "--restart", "--topics", "north-korea")
    assert [tag["topic"] for tag in rows(out / "records")[0]["topics"]] == ["north-korea"]
    unknown = replay(inputs, "--to", tmp_path / "x", "--topics", "atlantis")
    assert unknown.returncode == 2
    assert "atlantis" in unknown.stderr


def test_rate_holds_it_back(tmp_path: Path, replay: Any, out: Path) -> None:
    inputs = lines(tmp_path / "in", *map(line, range(21)))
    began = time.monotonic()
    replay(inputs, "--to", out, "--rate", 10)
    assert 2.0 <= time.monotonic() - began < 50


def test_dead_letters_are_an_error_only_where_that_is_asked_for(tmp_path: Path, replay: Any, out: Path) -> None:
    inputs = lines(tmp_path / "in", line(1), "{broken")
    assert replay(inputs, "--to", out).returncode == 0
    assert replay(inputs, "--to", tmp_path / "strict", "--strict").returncode == 1
    assert replay(inputs, "--to", tmp_path / "strict", "--strict").returncode == 1  # a finished job's count, too


def test_the_configured_sinks_are_used_where_the_command_names_none(tmp_path: Path) -> None:
    config = configured(tmp_path, '[sinks.files]\npath = "elsewhere"\ncompression = "gzip"\n')
    inputs = lines(tmp_path / "in", line(1))
    assert newstap("replay", "--config", config, inputs, cwd=tmp_path).returncode == 0
    assert [path.name for path in (tmp_path / "elsewhere" / "records").iterdir()] == ["part-000001.jsonl.gz"]


def test_without_a_configuration_files_go_to_var_out(tmp_path: Path) -> None:
    assert newstap("replay", lines(tmp_path / "in", line(1)), cwd=tmp_path).returncode == 0
    assert counts(tmp_path / "var" / "out") == (1, 0, 0)


def test_a_broker_in_the_environment_alone_does_not_make_a_replay_publish(
    tmp_path: Path, replay: Any, out: Path
) -> None:
    nobody = settings(NEWSTAP_KAFKA_BOOTSTRAP="127.0.0.1:1")
    assert replay(lines(tmp_path / "in", line(1)), "--to", out, env=nobody).returncode == 0


def test_standard_input(tmp_path: Path, replay: Any, out: Path) -> None:
    assert replay("-", "--to", out, input=f"{line(1)}\n{line(2)}\n").returncode == 0
    assert counts(out) == (2, 0, 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_soon_and_the_same_command_resumes(
    tmp_path: Path, replay: Any, out: Path, number: signal.Signals
) -> None:
    arguments = (lines(tmp_path / "in", *map(line, range(60))), "--to", out, "--rate", 20)
    with begun("replay", "--config", configured(tmp_path), *arguments, cwd=tmp_path) as process:
        _until((out / "records" / "active.jsonl").exists)
        below = descendants(process.pid)
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 1
    assert "the same command resumes" in said
    assert "Traceback" not in said
    assert not gone(below, within=60)
    assert 0 < len(rows(out / "records")) < 60
    assert replay(*arguments).returncode == 0
    assert sum(keys(rows(out / "records")).values()) == len(keys(rows(out / "records"))) == 60


def test_a_signal_is_heard_while_a_page_hangs_and_a_second_one_ends_it_at_once(tmp_path: Path, out: Path) -> None:
    config = odd(tmp_path)
    inputs = lines(tmp_path / "in", line(1), line(2, title="HANG"))
    with begun("replay", "--config", config, inputs, "--to", out, cwd=tmp_path) as process:
        _until(lambda: bool(list(out.glob("records/active.jsonl"))))
        below = descendants(process.pid)
        process.terminate()
        assert process.wait(timeout=60) == 1
    assert not gone(below, within=60)
    with begun(
        "replay", "--config", config, "-", "--to", tmp_path / "two", cwd=tmp_path, stdin=subprocess.PIPE
    ) as process:
        _until((tmp_path / "two" / "records").exists)
        threads = _threads(process.pid)
        asked_to_end(process)
        _until(lambda: _threads(process.pid) > threads)  # it heard the first one: a timer runs
        assert process.poll() is None, "nothing can be read from a pipe that waits"
        process.terminate()
        assert process.wait(timeout=60) == 1
        assert process.stderr is not None
        assert "ended by a second SIGTERM" in process.stderr.read()


def test_a_users_processor_joins_the_chain_and_its_outcomes_are_accounted_for(tmp_path: Path, out: Path) -> None:
    inputs = lines(tmp_path / "in", line(1), line(2, title="SKIP"), line(3, title="RAISE"), line(4, title="DIE"))
    done = newstap("replay", "--config", odd(tmp_path), inputs, "--to", out, cwd=tmp_path)
    assert done.returncode == 0
    assert "4 documents read: 1 record + 1 skipped (filtered 1) + 2 dead letters (extract 1, process 1)" in done.stderr
    assert rows(out / "records")[0]["text"].endswith(" So it was noted.")
    assert rows(out / "skipped")[0]["detail"] == "odd: as asked"
    assert {row["input"]["body"][:8] for row in rows(out / "dead-letters")} == {'{"id": "'}


def test_a_dead_letter_replayed_becomes_what_it_should_have_been(tmp_path: Path, replay: Any, out: Path) -> None:
    newstap(
        "replay", "--config", odd(tmp_path), lines(tmp_path / "in", line(3, title="RAISE")), "--to", out, cwd=tmp_path
    )
    done = newstap(
        "replay", "--config", configured(tmp_path), out / "dead-letters", "--to", tmp_path / "again", cwd=tmp_path
    )
    assert done.returncode == 0
    assert [row["title"] for row in rows(tmp_path / "again" / "records")] == ["RAISE"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere.html",), "nowhere.html: no such file or directory"),
        (("newstap.toml",), "not a kind of file that can be replayed"),
        ((), "required"),
        (("in", "--workers", "0"), "is not a number from 1 to 1024"),
        (("in", "--rate", "nan"), "is not a number above 0"),
        (("in", "--kafka", "here"), "is not HOST:PORT"),
        (("in", "--topics", ","), "give topic names"),
    ],
)
def test_usage_is_told(tmp_path: Path, replay: Any, arguments: tuple[str, ...], told: str) -> None:
    (tmp_path / "in").mkdir()
    done = replay(*arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert not (tmp_path / "var").exists()


def test_workers_that_cannot_be_built_are_usage(tmp_path: Path, out: Path) -> None:
    shutil.copy(oddities.__file__, tmp_path / "oddities.py")
    config = configured(tmp_path, '[[processors]]\nuse = "oddities:Odd"\noptions = {fail = "raise"}\n')
    done = newstap("replay", "--config", config, lines(tmp_path / "in", line(1)), "--to", out, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "will not be built" in done.stderr


def test_a_page_and_a_line_together_keep_the_order_of_the_directory(tmp_path: Path, replay: Any, out: Path) -> None:
    inputs = lines(tmp_path / "in", line(1), name="b.jsonl")
    (inputs / "a.html").write_text(html(1))
    (inputs / "c.html").write_text(html(2))
    (inputs / "d.pdf").write_text("not ours")
    done = replay(inputs, "--to", out)
    assert "1 file of other kinds ignored" in done.stderr
    assert [row["title"] for row in rows(out / "records")] == ["Bridge report 1", "Notice 1", "Bridge report 2"]


def _threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def _until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
