"""The files of an archive: what the state's transactions commit is in them, and nothing else."""

from __future__ import annotations

import os
import resource
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from ingest import archived, state
from ingest.archive.files import Files, files_of
from ingest.archive.records import Group
from ingest.archive.upkeep import Rules, Upkeep
from ingest.archived import ArchiveError
from sinks.store import StoreFullError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from processors.records import ArchiveRef
    from sinks.store import Store


DAY = 86_400.0


class StoppedError(Exception):
    """Ends a transaction without its commit."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(state.owned(tmp_path / "state")) as opened:
        yield opened


@contextmanager
def opened(store: Store, path: Path, *, owner: str = "ours", now: float = 0.0, **limits: float) -> Iterator[Files]:
    given = {"rotate_bytes": 10**9, "rotate_seconds": 10**9, **limits}
    files = Files(path, owner, software="newstap/test", clock=lambda: now, **given)  # type: ignore[arg-type] # numbers
    try:
        with store.reading() as connection:
            files.open(connection)
        yield files
    finally:
        files.close()


def append(store: Store, files: Files, *bodies: bytes, stopped: bool = False) -> list[ArchiveRef]:
    with store.transaction() as connection:
        refs, _ = files.append(connection, [Group(members=(b"head", body), main=1, digest="") for body in bodies])
        files.sync()
        if stopped:
            raise StoppedError
    return refs


def only(path: Path) -> Path:
    (file,) = files_of(path).values()
    return file


def test_a_locator_points_at_what_was_written(store: Store, tmp_path: Path) -> None:
    with opened(store, tmp_path / "archive") as files:
        refs = append(store, files, b"first", b"second")
        refs += append(store, files, b"third")

    data = only(tmp_path / "archive").read_bytes()
    assert [data[ref.offset : ref.offset + 5] for ref in refs] == [b"first", b"secon", b"third"]


def test_what_was_not_committed_is_cut_at_the_next_start(store: Store, tmp_path: Path) -> None:
    """Synced and all: the transaction decides."""
    with opened(store, tmp_path / "archive") as files:
        append(store, files, b"kept")
        whole = only(tmp_path / "archive").read_bytes()
        with pytest.raises(StoppedError):
            append(store, files, b"lost", stopped=True)
    assert len(only(tmp_path / "archive").read_bytes()) > len(whole)

    with opened(store, tmp_path / "archive"):
        assert only(tmp_path / "archive").read_bytes() == whole


def test_what_comes_after_an_undone_transaction_takes_its_place(store: Store, tmp_path: Path) -> None:
    with opened(store, tmp_path / "archive") as files:
        append(store, files, b"kept")
        with pytest.raises(StoppedError):
            append(store, files, b"a much longer text that is lost", stopped=True)
        (ref,) = append(store, files, b"next")

    assert only(tmp_path / "archive").read_bytes()[ref.offset :] == b"next"


def test_a_file_that_was_begun_in_an_undone_transaction_is_no_file(store: Store, tmp_path: Path) -> None:
    with opened(store, tmp_path / "archive", rotate_bytes=1) as files:
        append(store, files, b"kept")
        with pytest.raises(StoppedError):
            append(store, files, b"lost", stopped=True)
    assert len(files_of(tmp_path / "archive")) == 2

    with opened(store, tmp_path / "archive", now=3600):
        assert list(files_of(tmp_path / "archive")) == [1]


def test_a_shorter_file_is_refused_by_its_name(store: Store, tmp_path: Path) -> None:
    with opened(store, tmp_path / "archive") as files:
        append(store, files, b"kept")
    file = only(tmp_path / "archive")
    file.write_bytes(file.read_bytes()[:-1])

    with pytest.raises(ArchiveError, match=file.name), opened(store, tmp_path / "archive"):
        pass


def test_an_older_state_is_refused(store: Store, tmp_path: Path) -> None:
    """It would cut what newer records say lies there."""
    with opened(store, tmp_path / "archive") as files:
        append(store, files, b"first")
        with store.reading() as connection:
            before = archived.place(connection)
        append(store, files, b"second")
        append(store, files, b"third")
    with store.transaction() as connection:
        archived.save(connection, before)

    with pytest.raises(ArchiveError, match="older"), opened(store, tmp_path / "archive"):
        pass


def test_another_states_archive_is_refused(store: Store, tmp_path: Path) -> None:
    with opened(store, tmp_path / "archive") as files:
        append(store, files, b"theirs")

    with closing(state.owned(tmp_path / "another")) as another:  # noqa: SIM117 - the state stays open in the next
        with pytest.raises(ArchiveError, match="another state"), opened(another, tmp_path / "archive", owner="others"):
            pass


def test_two_processes_do_not_write_one_archive(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "archive"
    with opened(store, path), pytest.raises(ArchiveError, match="another process"), opened(store, path):
        pass


def test_files_are_finished_by_size_and_by_age(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "archive"
    with opened(store, path, rotate_bytes=1) as files:
        append(store, files, b"first")
        append(store, files, b"second")
    with opened(store, path, now=100, rotate_seconds=1) as files:
        append(store, files, b"third")

    names = [file.name for file in files_of(path).values()]
    assert [name[:16] for name in names] == ["newstap-00000001", "newstap-00000002", "newstap-00000003"]
    assert names == sorted(names)


def test_a_full_disk_keeps_nothing_and_can_be_tried_again(store: Store, tmp_path: Path) -> None:
    """The transaction is undone; once there is room, the same entry takes the same place."""
    with opened(store, tmp_path / "archive") as files:
        append(store, files, b"kept")
        size = only(tmp_path / "archive").stat().st_size
        with files_of_at_most(600_000), pytest.raises(StoreFullError):
            append(store, files, b"x" * 1_000_000)
        (ref,) = append(store, files, b"y" * 1_000_000)

    assert ref.offset == size + len(b"head")
    assert only(tmp_path / "archive").read_bytes()[ref.offset :] == b"y" * 1_000_000


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let this process write no longer files, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_the_oldest_files_go_by_age_and_size_and_never_the_one_being_written(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "archive"
    with opened(store, path, rotate_bytes=1) as files:
        for body in (b"first", b"second", b"third"):
            append(store, files, body)
        for number, file in files_of(path).items():
            os.utime(file, (number * DAY, number * DAY))
        keeps_days = Rules(rotate_seconds=10**9, keep_days=2, keep_bytes=-1)
        upkeep = Upkeep(files, store, keeps_days, clock=lambda: 3.5 * DAY)
        upkeep.look()
        assert list(files_of(path)) == [2, 3]
        assert upkeep.deleted == 1
        Upkeep(files, store, Rules(rotate_seconds=10**9, keep_days=-1, keep_bytes=1)).look()
        assert list(files_of(path)) == [3], "the one being written stays, however large"
        assert sorted(path.glob("warc/*.cdxj")) == [], "indexes go with their files"
