"""Workers on one state folder have names of their own, and get them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingest.work.names import named
from sinks.store import StoreLockedError

if TYPE_CHECKING:
    from pathlib import Path


def test_two_differ_and_the_next_has_the_name_of_the_one_that_ended(tmp_path: Path) -> None:
    with named(tmp_path, "work") as first, named(tmp_path, "work") as second:
        assert first != second
        assert first.endswith("-1")
    with named(tmp_path, "work") as again:
        assert again == first


def test_a_name_can_be_chosen_once(tmp_path: Path) -> None:
    with named(tmp_path / "new", "work", "mine") as name:
        assert name == "mine"
        with (
            pytest.raises(StoreLockedError, match="another worker runs as mine"),
            named(tmp_path / "new", "work", "mine"),
        ):
            pass
    with named(tmp_path / "new", "work", "mine") as name:
        assert name == "mine"


def test_what_goes_wrong_meanwhile_is_not_hidden(tmp_path: Path) -> None:
    with pytest.raises(BlockingIOError), named(tmp_path, "work"):
        raise BlockingIOError
