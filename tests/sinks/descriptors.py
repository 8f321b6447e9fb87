"""What a piece of code leaves open."""

from __future__ import annotations

import gc
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def nothing_left_open() -> Iterator[None]:
    """Assert that there are as many open descriptors afterwards as before, without the garbage collector's help."""
    gc.collect()
    before = _count()
    gc.disable()
    try:
        yield
        left = _count() - before
    finally:
        gc.enable()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", ResourceWarning)
        gc.collect()
    assert [str(one.message) for one in warned] == []
    assert left == 0


def _count() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
