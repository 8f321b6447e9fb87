"""A user's module, to be copied beside a configuration; its processor does what no processor should, when asked."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from processors.base import Skip


class Odd:
    """Obeys the first word of a title."""

    name = "odd"

    def __init__(self, note: str = "", fail: str = "", marks: str = "") -> None:
        self.note = note
        self.marks = marks
        if fail == "raise":
            raise ValueError("will not be built")
        if fail == "always":
            os._exit(9)
        if fail == "die" and not _once(marks, "start"):
            os._exit(9)

    def __call__(self, article: Any) -> Any:
        word = article.title.partition(" ")[0]
        act = getattr(self, "_" + word.lower(), None) if word.isupper() else None
        return replace(article, text=article.text + self.note) if act is None else act(article)

    def _hang(self, article: Any) -> Any:
        time.sleep(1000)

    def _spin(self, article: Any) -> Any:
        while True:
            sum(range(10**9))

    def _slow(self, article: Any) -> Any:
        time.sleep(0.4)
        return article

    def _hog(self, article: Any) -> Any:
        return [bytearray(10_000_000) for _ in range(10_000)]

    def _exit(self, article: Any) -> Any:
        sys.exit(0)

    def _leave(self, article: Any) -> Any:
        os._exit(0)

    def _die(self, article: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)

    def _dieonce(self, article: Any) -> Any:
        return article if _once(self.marks, "page") else self._die(article)

    def _raise(self, article: Any) -> Any:
        raise ValueError("no good")

    def _skip(self, article: Any) -> Any:
        raise Skip(detail="as asked")

    def _wrong(self, article: Any) -> Any:
        return replace(article, title=object())

    def _big(self, article: Any) -> Any:
        return replace(article, text="x" * 3_000_000)


def _once(folder: str, name: str) -> bool:
    """Say whether this was asked before, by whatever process."""
    mark = Path(folder) / name
    if mark.exists():
        return True
    mark.touch()
    return False
