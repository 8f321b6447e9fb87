"""One file, its owner, and those that open it beside the owner or before there is one."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time

import pytest

from sinks.store import Store, StoreError, StoreLockedError
from tests.sinks.test_store import HOLD, ONE, TWO, add, held, path

__all__ = ["path"]


def test_beside_an_owner_both_write(path):
    owner = Store(path, [ONE])
    with_it = Store(path, [ONE], beside=True)
    add(owner, 1)
    add(with_it, 2)

    assert held(owner) == held(with_it) == [1, 2]
    with_it.close()
    with pytest.raises(StoreLockedError):  # the lock is the owner's still
        Store(path, [ONE])
    owner.close()


def test_beside_an_owner_of_another_process_both_write(path):
    Store(path, [ONE]).close()
    owner = subprocess.Popen(
        [sys.executable, "-c", HOLD.replace("[]", repr([ONE])), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert owner.stdout.readline() == b"held\n"
    try:
        store = Store(path, [ONE], beside=True)
        add(store, 1)
        store.close()
    finally:
        owner.kill()
        owner.communicate()

    store = Store(path, [ONE], beside=True)
    assert held(store) == [1]
    store.close()


LOOK = """
import sys
from pathlib import Path
from sinks.store import Store
with (store := Store(Path(sys.argv[1]), [], beside=True)).reading() as connection:
    print([row[0] for row in connection.execute("SELECT x FROM a ORDER BY x")])
store.close()
"""


def test_a_page_of_the_service_and_a_command_beside_it_leave_its_log_alone(path):
    """A service opens its own state once more, for its pages; a command that leaves afterwards must not take itself for
    the last one that has the file open: what the service wrote from then on was gone with a kill -9."""

    def beside() -> str:
        command = [sys.executable, "-c", LOOK.replace("[]", repr([ONE])), str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    owner = Store(path, [ONE])
    add(owner, 1)
    page = Store(path, [ONE], beside=True)
    assert held(page) == [1]
    assert beside() == "[1]"
    add(owner, 2)

    assert beside() == "[1, 2]"
    assert path.with_name(path.name + "-wal").exists()
    page.close()
    add(owner, 3)
    assert beside() == "[1, 2, 3]"
    owner.close()


def test_opened_beside_nobody_it_makes_the_file_and_owns_nothing(path):
    first = Store(path, [ONE, TWO], beside=True)
    add(first, 1)
    owner = Store(path, [ONE, TWO])
    add(owner, 2)

    assert held(first) == [1, 2]
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    owner.close()
    first.close()


def test_what_is_written_beside_survives_a_power_cut_by_its_settings(path):
    Store(path, [ONE]).close()
    store = Store(path, [ONE], beside=True)
    with store.reading() as connection:
        settings = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    store.close()

    assert settings == ["wal", 2]


def test_where_nothing_is_to_be_made_it_is_opened_without_the_lock(path):
    """An owner that starts at this moment would have to wait for it."""
    Store(path, [ONE]).close()
    path.with_name(path.name + ".lock").unlink()

    Store(path, [ONE], beside=True).close()

    assert not path.with_name(path.name + ".lock").exists()


def test_an_owners_older_layout_is_refused_and_left_alone(path):
    owner = Store(path, [ONE])

    with pytest.raises(StoreError, match="in use by another version of newstap"):
        Store(path, [ONE, TWO], beside=True)

    with owner.reading() as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    owner.close()
    Store(path, [ONE, TWO], beside=True).close()  # nobody owns it now


def test_a_later_layout_is_refused_beside_its_owner(path):
    owner = Store(path, [ONE, TWO])

    with pytest.raises(StoreError, match=r"later version of newstap \(layout 2\)"):
        Store(path, [ONE], beside=True)

    owner.close()


def test_beside_a_layout_in_the_making_is_waited_for(path):
    """A command that is given the moment a service starts for the first time must not call it another version."""
    path.parent.mkdir(parents=True)
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)  # as an owner does, before it makes anything
    opened = []
    waiting = threading.Thread(target=lambda: opened.append(Store(path, [ONE], beside=True, patience_seconds=30)))
    waiting.start()
    waiting.join(0.2)
    assert opened == []

    os.close(lock)
    waiting.join(30)
    assert held(opened[0]) == []
    opened[0].close()


def test_an_owner_waits_for_as_long_as_its_patience(path):
    store = Store(path, [ONE])
    threading.Timer(0.2, store.close).start()

    Store(path, [ONE], patience_seconds=30).close()


def test_the_end_of_patience_is_an_error(path):
    store = Store(path, [ONE])
    began = time.monotonic()

    with pytest.raises(StoreLockedError, match=f"pid {os.getpid()}"):
        Store(path, [ONE], patience_seconds=0.1)

    assert time.monotonic() - began >= 0.1
    store.close()


@pytest.mark.parametrize("attempt", range(10))
def test_many_can_make_the_file_at_once(path, attempt):
    """An owner and commands that all come first: one of them makes it, and all of them get it."""
    stores, errors = [], []
    start = threading.Barrier(8)

    def begin(number):
        try:
            start.wait(50)
            store = Store(path, [ONE, TWO], beside=bool(number), patience_seconds=30)
            stores.append(store)
            add(store, number)
        except (StoreError, sqlite3.Error) as error:
            errors.append(error)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(50)

    assert errors == []
    assert held(stores[0]) == list(range(8))
    for store in stores:
        store.close()


def test_another_programs_database_is_left_alone_beside_too(tmp_path):
    path = tmp_path / "places.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmarks (url)")
    other.close()
    before = path.read_bytes()

    with pytest.raises(StoreError, match="of another program"):
        Store(path, [ONE], beside=True)

    assert path.read_bytes() == before


def test_a_failing_migration_beside_nobody_leaves_the_lock_free(path):
    with pytest.raises(sqlite3.OperationalError):
        Store(path, [ONE, "CREATE TABLE nonsense nonsense;"], beside=True)

    Store(path, [ONE]).close()
