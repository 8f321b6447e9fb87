"""Files after a crash at any step, and after somebody else's hand: nothing twice, nothing lost, nothing guessed."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import tempfile
from pathlib import Path

import pytest

from sinks.base import Kind, SinkBrokenError
from sinks.files import FOLDERS, FilesSink
from tests.faults import Place as Where
from tests.faults import Seen
from tests.sinks.files_driver import (
    SUFFIX,
    FileLedger,
    assert_once,
    deliver,
    killed_at,
    lines,
    make_items,
    names,
    plain,
    steps_of,
)

ITEMS = make_items(12)
TAILS = range(1, 201, 1 if os.environ.get("NEWSTAP_LONG") == "1" else 20)


class Place:
    """A files sink's folder and ledger, as they are left on disk."""

    def __init__(self, root):
        self.root = root
        self.out = root / "out"
        self.records = self.out / "records"
        self.active = self.records / "active.jsonl"
        self.ledger = FileLedger(root / "ledger.json")

    def sink(self, **options):
        return FilesSink(self.out, self.ledger, **options)

    def deliver(self, items=ITEMS, *, finish=True, **options):
        deliver(self.sink(**options), items, finish=finish)

    def empty(self):
        shutil.rmtree(self.root)
        self.root.mkdir()


@pytest.fixture
def place():
    """In memory where that is a disk: hundreds of deliveries, each with its fsyncs, else take 15 times as long."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        (Path(folder) / "place").mkdir()
        yield Place(Path(folder) / "place")


def refused(place, match, **options):
    """Opening is refused, again and again, and nothing is changed by it."""
    before = {path: path.read_bytes() for path in place.root.rglob("*") if path.is_file()}
    for _ in range(2):
        with pytest.raises(SinkBrokenError, match=match):
            place.sink(**options).open()
    assert before == {path: path.read_bytes() for path in place.root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("compression", SUFFIX)
def test_killed_before_any_line_of_code_nothing_is_lost_or_doubled(place, compression):
    """Every line of `sinks/files.py` that a delivery executes, in turn; the recovery is killed somewhere too."""
    options = {"compression": compression, "rotate_bytes": 50, "sync": False}
    steps = steps_of(lambda: place.deliver(**options))
    assert len(names(place.out)) == 3
    assert len(steps) > 150  # it does follow the code
    chance = random.Random(compression)
    for step in steps:
        place.empty()
        assert killed_at(step, lambda: place.deliver(**options))
        if chance.random() < 0.3:
            killed_at(chance.choice(steps), lambda: place.deliver(**options))
        place.deliver(**options)

        assert_once(place.out, ITEMS)
        for kind in FOLDERS:
            found = names(place.out, kind)
            assert found == [f"part-00000{n}{SUFFIX[compression]}" for n in range(1, len(found) + 1)]


def test_after_a_kill_exactly_what_was_committed_is_there(place):
    options = {"rotate_bytes": 50, "sync": False}
    for step in steps_of(lambda: place.deliver(**options))[::3]:
        place.empty()
        assert killed_at(step, lambda: place.deliver(**options))
        sink = place.sink()
        delivered = sink.open()
        sink.close()
        assert delivered == place.ledger.load()[0]
        assert_once(place.out, [item for item in ITEMS if item.seq <= delivered])


def seen(bodies):
    """What files and items hold, for the table of faults."""
    return [Seen(body.decode(), 1) for body in bodies]


def all_of(place, items):
    """Return each kind's items, and the lines that its files hold."""
    return [
        Where(seen(item.body for item in items if item.kind is kind), seen(lines(place.out, kind)), one_partition=True)
        for kind in FOLDERS
    ]


@pytest.mark.torture
def test_written_but_not_committed_is_cut(place, fault_row):
    place.deliver(finish=False)
    for folder in FOLDERS.values():
        for tail in TAILS:
            with (place.out / folder / "active.jsonl").open("ab") as file:
                file.write((b'{"n": 13, "torn": "' + b"x" * tail)[:tail])
            place.deliver(finish=False)
    fault_row("torn tails of 1 to 200 bytes, after what was committed: cut", *all_of(place, ITEMS))


@pytest.mark.torture
def test_a_torn_tail_is_a_loss_that_nobody_guesses_about(place, fault_row):
    items = make_items(60)
    place.deliver(items, finish=False)
    for folder in FOLDERS.values():
        active = place.out / folder / "active.jsonl"
        whole = active.read_bytes()
        assert len(whole) > 200
        for torn in range(1, 201):
            active.write_bytes(whole[:-torn])
            with pytest.raises(SinkBrokenError) as caught:
                place.sink().open()
            assert f"{active}: {len(whole) - torn} bytes, but {len(whole)} bytes were delivered" in str(caught.value)
        active.unlink()
        refused(place, match=r": 0 bytes, but .* --restart")
        active.write_bytes(whole)

    place.deliver(items)
    fault_row("torn tails of 1 to 200 bytes, of what was committed: refused, then put back", *all_of(place, items))


def append(path):
    with path.open("ab") as file:
        file.write(b"{}\n")


def replace(path):
    content = path.read_bytes()
    path.rename(path.with_name("moved"))
    path.write_bytes(content)


OUTSIDERS = {
    "removed": lambda path: path.unlink(),
    "emptied": lambda path: os.truncate(path, 0),
    "cut": lambda path: os.truncate(path, path.stat().st_size - 1),
    "appended to": append,
    "moved away": lambda path: path.rename(path.parent.parent / "elsewhere"),
    "replaced by its like": replace,
    "removed with its folder": lambda path: shutil.rmtree(path.parent),
}


@pytest.mark.parametrize("outsider", OUTSIDERS)
@pytest.mark.parametrize("then", ["written to", "finished", "grown old"])
def test_what_an_outsider_does_while_it_is_open_is_noticed(place, outsider, then):
    now = [0.0]
    sink = place.sink(clock=lambda: now[0])
    sink.open()
    sink.write(ITEMS)
    sink.flush(12)
    OUTSIDERS[outsider](place.active)
    more = make_items(5, start=13)

    def go_on():
        if then == "finished":
            sink.finish()
        elif then == "grown old":
            now[0] = 1e9
            sink.flush(12)
        else:
            sink.write(more)
            sink.flush(17)

    with pytest.raises(
        SinkBrokenError, match=r"records/active\.jsonl: changed or removed by someone else; it must hold"
    ):
        go_on()
    sink.close()
    assert place.ledger.load()[0] == 12


def test_a_folder_removed_between_two_files_is_made_again(place):
    """Finished files are the reader's, to move or to delete."""
    place.deliver(ITEMS)
    shutil.rmtree(place.records)
    items = make_items(20)
    place.deliver(items)

    assert names(place.out) == ["part-000002.jsonl"]
    assert lines(place.out, Kind.RECORD) == [i.body for i in items[12:] if i.kind is Kind.RECORD]


@pytest.mark.parametrize("what", ["folder", "link", "pipe"])
def test_an_active_file_that_is_none_is_refused(place, what):
    place.deliver(ITEMS)
    if what == "folder":
        place.active.mkdir()
    elif what == "link":
        (place.root / "victim").write_text("precious")
        place.active.symlink_to(place.root / "victim")
    else:
        os.mkfifo(place.active)

    with pytest.raises(SinkBrokenError, match="not a regular file"):
        place.sink().open()
    assert what != "link" or (place.root / "victim").read_text() == "precious"


def renamed_not_committed(place, compression):
    """Leave things as a kill between the rename to the final name and its commit does."""
    place.deliver(finish=False)
    final = place.records / f"part-000001{SUFFIX[compression]}"
    if compression == "none":
        place.active.rename(final)
    else:
        before = place.ledger.path.read_bytes()
        body = place.active.read_bytes()
        place.deliver(compression=compression)
        place.ledger.path.write_bytes(before)
        place.active.write_bytes(body)
        for kind in ("skipped", "dead-letters"):
            other = next((place.out / kind).glob("part-*"))
            (place.out / kind / "active.jsonl").write_bytes(plain(other))
            other.unlink()
    return final


@pytest.mark.parametrize("before", SUFFIX)
@pytest.mark.parametrize("after", SUFFIX)
def test_a_rename_without_its_commit_counts_whatever_the_compression_is_now(place, before, after):
    renamed_not_committed(place, before)
    items = make_items(20)

    place.deliver(items, compression=after)

    assert_once(place.out, items)
    assert names(place.out) == [f"part-000001{SUFFIX[before]}", f"part-000002{SUFFIX[after]}"]


@pytest.mark.parametrize("compression", SUFFIX)
@pytest.mark.parametrize("damage", ["cut", "other", "empty"])
def test_a_file_with_the_final_name_counts_only_if_it_holds_what_was_delivered(place, compression, damage):
    final = renamed_not_committed(place, compression)
    content = final.read_bytes()
    final.write_bytes({"cut": content[:-3], "other": b"not ours", "empty": b""}[damage])

    refused(place, match=r"part-000001\.jsonl.*: (damaged|\d+ bytes), but \d+ bytes were", compression=compression)


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_what_a_kill_left_of_compressing_goes_and_nothing_else(place, compression):
    place.deliver(finish=False)
    torn = place.records / "part-000001.jsonl.gz.part"
    torn.write_bytes(gzip.compress(b"half")[:-5])
    (place.records / "mine.part").write_text("precious")

    place.deliver(compression=compression)

    assert not torn.exists()
    assert (place.records / "mine.part").read_text() == "precious"
    (place.records / "mine.part").unlink()
    assert_once(place.out, ITEMS)


def test_a_state_older_than_its_files_is_refused_without_the_marker_too(place):
    """As when a backup of the state alone is put back: its lines would be cut from another file, or come twice."""
    place.deliver(ITEMS, finish=False)
    backup = place.ledger.path.read_bytes()
    place.deliver(make_items(30), rotate_bytes=50)
    assert len(names(place.out)) > 2
    place.ledger.path.write_bytes(backup)
    (place.out / ".delivered.json").unlink()

    refused(place, match=r"part-0000\d\d\.jsonl: not written by this state, or after it was saved")


def test_a_strangers_file_of_the_next_number_is_neither_taken_nor_overwritten(place):
    place.deliver(ITEMS)
    stranger = place.records / "part-000002.jsonl"
    stranger.write_text("{}\n")
    refused(place, match=r"part-000002\.jsonl: not written by this state")
    stranger.unlink()

    sink = place.sink()
    sink.open()
    sink.write(make_items(8, start=13))
    sink.flush(20)
    stranger.write_text("{}\n")
    with pytest.raises(SinkBrokenError, match=r"part-000002\.jsonl: a file of this number is there already"):
        sink.finish()
    sink.close()
    assert stranger.read_text() == "{}\n"
    stranger.unlink()
    place.deliver(make_items(20))
    assert_once(place.out, make_items(20))


def test_an_uncommitted_first_file_is_cut_to_nothing(place):
    sink = place.sink()
    sink.open()
    sink.close()
    place.active.write_bytes(b'{"n": 1}\n')
    place.deliver(ITEMS)

    assert_once(place.out, ITEMS)
