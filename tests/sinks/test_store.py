"""One file, one writer, migrations forward only; what the disk does is told apart from what we do."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading

import pytest

from sinks.store import Store, StoreError, StoreFullError, StoreLockedError
from tests.sinks.disks import disk

__all__ = ["disk"]

ONE = "CREATE TABLE a (x INTEGER);"
TWO = "CREATE TABLE b (y TEXT); INSERT INTO b VALUES ('made');"
HOLD = """
import pathlib, sys
from sinks.store import Store
store = Store(pathlib.Path(sys.argv[1]), [])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "state" / "state.sqlite"


def add(store, *values):
    with store.transaction() as connection:
        connection.executemany("INSERT INTO a VALUES (?)", [(value,) for value in values])


def held(store):
    with store.reading() as connection:
        return [row[0] for row in connection.execute("SELECT x FROM a ORDER BY x")]


def test_what_is_committed_is_there_when_it_is_opened_again(path):
    store = Store(path, [ONE])
    add(store, 1, 2)
    store.close()

    again = Store(path, [ONE])
    assert held(again) == [1, 2]
    again.close()


def test_files_and_folder_are_closed_to_others(path):
    umask = os.umask(0)
    try:
        store = Store(path, [ONE])
        add(store, 1)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        store.close()
    finally:
        os.umask(umask)

    assert modes == dict.fromkeys([path.name + end for end in ("", "-wal", "-shm", ".lock")], 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_that_was_open_to_others_is_closed_to_them(path):
    Store(path, [ONE]).close()
    path.chmod(0o644)

    Store(path, [ONE]).close()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_survives_a_power_cut_by_its_settings(path):
    store = Store(path, [ONE])
    with store.reading() as connection:
        settings = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    store.close()

    assert settings == ["wal", 2]


def test_a_second_one_is_refused_and_told_who_has_it(path):
    store = Store(path, [ONE])

    with pytest.raises(StoreLockedError, match=rf"{path.parent}: in use .* \(pid {os.getpid()}\)"):
        Store(path, [ONE])

    store.close()
    store.close()
    Store(path, [ONE]).close()


def test_another_process_holds_it_until_it_dies(path):
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    try:
        with pytest.raises(StoreLockedError, match=f"pid {holder.pid}"):
            Store(path, [])
    finally:
        holder.kill()
        holder.communicate()

    Store(path, []).close()


def test_migrations_run_once_and_in_order(path):
    Store(path, [ONE]).close()
    store = Store(path, [ONE, TWO])
    add(store, 1)
    store.close()

    again = Store(path, [ONE, TWO])
    with again.reading() as connection:
        assert connection.execute("SELECT y FROM b").fetchall() == [("made",)]
    assert held(again) == [1]
    again.close()


def test_a_later_layout_is_refused_and_left_alone(path):
    Store(path, [ONE, TWO]).close()
    before = path.read_bytes()

    with pytest.raises(StoreError, match=r"later version of newstap \(layout 2\)"):
        Store(path, [ONE])

    assert path.read_bytes() == before
    Store(path, [ONE, TWO]).close()


def test_a_migration_is_whole_or_not_at_all(path):
    Store(path, [ONE]).close()

    with pytest.raises(sqlite3.OperationalError):
        Store(path, [ONE, "CREATE TABLE c (z); CREATE TABLE nonsense nonsense;"])

    store = Store(path, [ONE, "CREATE TABLE c (z);"])
    add(store, 1)
    store.close()


def test_a_database_of_another_program_is_left_alone(tmp_path):
    path = tmp_path / "places.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmarks (url)")
    other.close()
    before = path.read_bytes()

    with pytest.raises(StoreError, match="of another program"):
        Store(path, [ONE])

    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"not a database, but longer than the header of one" * 99, b"SQLite format 3\0" + b"\xff" * 999]
)
def test_what_is_no_database_is_refused(tmp_path, content):
    path = tmp_path / "state.sqlite"
    path.write_bytes(content)

    for _ in range(2):  # the lock was let go
        with pytest.raises(StoreError, match=r"damaged: .*backup"):
            Store(path, [ONE])
    assert path.read_bytes() == content


def test_a_damaged_file_is_refused(path):
    """Two rows have changed places: every page can still be read, and searches find the wrong thing."""
    store = Store(path, [ONE])
    add(store, *range(5000))
    store.close()
    content = bytearray(path.read_bytes())
    leaf = next(at for at in range(4096, len(content), 4096) if content[at] == 0x0D)  # a table's leaf page
    content[leaf + 8 : leaf + 12] = content[leaf + 10 : leaf + 12] + content[leaf + 8 : leaf + 10]
    path.write_bytes(content)

    with pytest.raises(StoreError, match=r"damaged: .*Rowid \d+ out of order.*backup"):
        Store(path, [ONE])


def test_damage_met_later_is_no_passing_trouble(path):
    """It would be tried again for ever."""
    store = Store(path, [ONE + "CREATE TABLE big (x); CREATE INDEX i ON big (x);"])
    with store.transaction() as connection:
        connection.executemany("INSERT INTO big VALUES (?)", [(f"{n}" * 50,) for n in range(3000)])
    with store.reading() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA cache_size=1")
    with path.open("r+b") as file:
        file.seek(4096 * 4)
        file.write(bytes(path.stat().st_size - 4096 * 4))

    with pytest.raises(StoreError, match="damaged") as caught, store.reading() as connection:
        connection.execute("SELECT count(*) FROM big WHERE x > 'a' OR x + 1").fetchone()

    assert not isinstance(caught.value, StoreFullError)
    store.close()


@pytest.mark.parametrize("kind", ["folder", "parent-is-a-file", "link"])
def test_what_cannot_be_opened_is_told(tmp_path, kind):
    path = tmp_path / "state" / "state.sqlite"
    if kind == "folder":
        path.mkdir(parents=True)
    elif kind == "link":
        path.parent.mkdir()
        path.symlink_to(tmp_path / "elsewhere")
    else:
        path.parent.write_text("")

    with pytest.raises(StoreError, match=f"{path}: cannot be opened"):
        Store(path, [ONE])


def test_an_exception_undoes_the_transaction(path):
    store = Store(path, [ONE])

    def interrupted():
        yield 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), store.transaction() as connection:
        connection.executemany("INSERT INTO a VALUES (?)", ((n,) for n in interrupted()))

    add(store, 2)
    assert held(store) == [2]
    store.close()


def test_a_wrong_statement_is_our_mistake_and_not_the_disks(path):
    """As a passing trouble it would be tried again for ever."""
    store = Store(path, [ONE])
    with pytest.raises(sqlite3.OperationalError, match="no such table"), store.transaction() as connection:
        connection.execute("INSERT INTO nowhere VALUES (1)")
    with pytest.raises(sqlite3.OperationalError, match="no such table"), store.reading() as connection:
        connection.execute("SELECT * FROM nowhere")
    add(store, 1)
    assert held(store) == [1]
    store.close()


def test_a_full_disk_can_be_tried_again(disk):
    store = Store(disk.path / "state.sqlite", ["CREATE TABLE a (x);"])
    add(store, "before")
    with disk.full():
        for _ in range(3):
            with pytest.raises(StoreFullError, match=r"state\.sqlite: "):
                add(store, *["x" * 5000] * 50)
        assert held(store) == ["before"]

    add(store, "then")
    assert held(store) == ["before", "then"]
    with store.reading() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store.close()


def test_a_full_disk_at_the_start_is_told(disk):
    with disk.full(), pytest.raises(StoreError, match=r"state\.sqlite: "):
        Store(disk.path / "state.sqlite", [ONE])

    Store(disk.path / "state.sqlite", [ONE]).close()


def test_threads_take_turns(path):
    """One connection: another thread in between would see, and could commit, half a transaction."""
    store = Store(path, [ONE])
    begun, go_on, seen = threading.Event(), threading.Event(), []

    def write():
        with store.transaction() as connection:
            connection.execute("INSERT INTO a VALUES (1)")
            begun.set()
            go_on.wait(60)
            connection.execute("INSERT INTO a VALUES (2)")

    def look():
        begun.wait(60)
        seen.append(held(store))

    threads = [threading.Thread(target=write), threading.Thread(target=look)]
    for thread in threads:
        thread.start()
    begun.wait(60)
    threads[1].join(0.2)
    assert seen == []
    go_on.set()
    for thread in threads:
        thread.join(60)

    assert seen == [[1, 2]]
    store.close()
