"""A state put back to an older copy is noticed by the files it wrote later, and nothing else is taken for one."""

from __future__ import annotations

import json
import random
import shutil
from typing import TYPE_CHECKING

import pytest

from sinks.base import SinkBrokenError
from sinks.files import FilesSink
from tests.sinks.files_driver import FileLedger, assert_once, deliver, killed_at, make_items, steps_of

if TYPE_CHECKING:
    from pathlib import Path

ITEMS = make_items(30)
OLDER = (
    r"30 items were delivered here, but this state only knows of 12: .* an older copy.*\.delivered\.json delivers again"
)


class Place:
    """A files sink's folder, its ledger, and a copy of the ledger from the time of item 12."""

    def __init__(self, root: Path) -> None:
        self.out = root / "out"
        self.marker = self.out / ".delivered.json"
        self.ledger = FileLedger(root / "ledger.json")
        self.older = root / "older.json"
        self.deliver(ITEMS[:12])
        shutil.copy(self.ledger.path, self.older)

    def sink(self) -> FilesSink:
        return FilesSink(self.out, self.ledger, sync=False)

    def deliver(self, items: list = ITEMS, *, finish: bool = False) -> None:
        deliver(self.sink(), items, finish=finish)

    def restore(self) -> None:
        shutil.copy(self.older, self.ledger.path)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def files(place: Place) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in place.out.rglob("*") if path.is_file()}


@pytest.mark.parametrize("finish", [False, True])
def test_an_older_state_is_refused_and_nothing_is_cut(place: Place, finish: bool) -> None:
    place.deliver(finish=finish)
    place.restore()
    before = files(place)

    for _ in range(2):
        with pytest.raises(SinkBrokenError, match=OLDER):
            place.sink().open()
    assert files(place) == before


def test_who_deletes_the_marker_has_the_newer_lines_written_again(place: Place) -> None:
    """As the error says; of the files alone nothing is doubled by it, because they are cut first."""
    place.deliver()
    place.restore()
    place.marker.unlink()
    place.deliver()

    assert_once(place.out, ITEMS)


def test_killed_anywhere_the_state_is_never_taken_for_an_older_one_and_an_older_one_never_for_ours(
    place: Place, tmp_path: Path
) -> None:
    """Killed between the state's commit and the marker's, the marker is one step behind: that is no reason to stop."""
    (tmp_path / "rehearsal").mkdir()
    rehearsal = Place(tmp_path / "rehearsal")
    chance = random.Random(5)
    shutil.copytree(place.out, tmp_path / "out-older")
    for step in chance.sample(steps_of(rehearsal.deliver), 40):
        shutil.rmtree(place.out)
        shutil.copytree(tmp_path / "out-older", place.out)
        place.restore()
        assert killed_at(step, place.deliver)

        newer = place.ledger.path.read_bytes()
        if json.loads(place.marker.read_bytes())["seq"] > 12:
            place.restore()
            with pytest.raises(SinkBrokenError, match="an older copy"):
                place.sink().open()
        place.ledger.path.write_bytes(newer)
        place.deliver()
        assert_once(place.out, ITEMS)


@pytest.mark.parametrize("content", ["", '{"owner": "test-led', "[]", '{"owner": "test-ledger", "seq": "many"}'])
def test_a_damaged_marker_is_as_good_as_none(place: Place, content: str) -> None:
    place.marker.write_text(content)
    place.deliver()

    assert_once(place.out, ITEMS)
    assert json.loads(place.marker.read_text()) == {"owner": "test-ledger", "seq": 30}


def test_a_folder_that_another_state_wrote_to_meanwhile_is_refused(place: Place) -> None:
    """Both ways out are told: who replayed into the folder where a service is to write has no state to restore."""
    place.marker.write_text('{"owner": "somebody-else", "seq": 1}')

    with pytest.raises(SinkBrokenError, match=r"written under another state, .* or write to an empty folder"):
        place.sink().open()


def test_a_moved_folder_is_the_same(place: Place, tmp_path: Path) -> None:
    place.out = place.out.rename(tmp_path / "moved")
    place.deliver()

    assert_once(place.out, ITEMS)


def test_a_fresh_state_in_an_emptied_folder_begins_anew(place: Place, tmp_path: Path) -> None:
    """As `replay --restart` leaves it: the records are gone, the marker of the state before is still there."""
    for folder in ("records", "dead-letters", "skipped"):
        shutil.rmtree(place.out / folder)
    place.ledger = FileLedger(tmp_path / "fresh.json")
    place.deliver(ITEMS[:4])

    assert_once(place.out, ITEMS[:4])
    assert json.loads(place.marker.read_text())["seq"] == 4
