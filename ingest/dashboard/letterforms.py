"""Dead letters tried again: their input goes in once more, as an entry of its feed that waits for its outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.dashboard.gate import back
from sinks.store import StoreError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from ingest.dashboard.feedtable import FeedTable
    from ingest.dashboard.letters import Letter, Letters
    from ingest.dashboard.views import Views


class LetterForms:
    """Carries out the forms beside the dead letters.

    Args:
        letters: the last of them.
        table: where inputs go.
        views: says what is not there.
    """

    def __init__(self, letters: Letters, table: FeedTable, views: Views) -> None:
        self._letters = letters
        self._table = table
        self._views = views

    async def one(self, request: Request) -> Response:
        """Try one again."""
        letter = self._letters.take(request.path_params["number"])
        if letter is None:
            hint = "It was tried already, or what it held is kept no longer."
            return self._views.missing(request, "This dead letter cannot be tried again.", hint)
        return await self._again([letter])

    async def every(self, request: Request) -> Response:  # noqa: ARG002 - starlette's signature
        """Try all again that can be."""
        taken = [self._letters.take(letter.number) for letter in reversed(self._letters.newest())]
        return await self._again([letter for letter in taken if letter is not None])

    async def _again(self, letters: list[Letter]) -> Response:
        done = 0
        for letter in letters:
            try:
                done += await self._table.again(letter.failed)
            except StoreError:
                self._letters.give_back(letter)
                raise
        return back(f"/overview?tried={done}#letters-h")


def tried(number: str) -> str:
    """Return the line that tells what became of a form; the address holds a number only."""
    if not number.isdecimal() or len(number) > 6:
        return ""
    return f"Tried again: {int(number)}. What becomes of it is seen on the live page, or here once more."
