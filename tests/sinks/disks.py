"""Disks that can be full, for tests of what happens then."""

from __future__ import annotations

import resource
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


class LimitedDisk:
    """Any disk, on which this process may not make files longer (RLIMIT_FSIZE): writes fail with EFBIG."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def full(self) -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))  # Python ignores SIGXFSZ
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class SmallDisk:
    """A disk of few megabytes, that a ballast file fills: writes fail with ENOSPC, some half-way."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def full(self, *, room: int = 0) -> Iterator[None]:
        ballast = self.path / "ballast"
        with ballast.open("wb", buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue
            if room:
                file.truncate(file.tell() - room)
        try:
            yield
        finally:
            ballast.unlink()


@contextmanager
def mounted(size: str = "1m") -> Iterator[SmallDisk]:
    """A disk of this size; the test is skipped where none can be mounted."""
    # Not below tmp_path: if this process is killed, pytest could not clean up there.
    path = Path(tempfile.mkdtemp(prefix="newstap-disk-"))
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "newstap-test", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        path.rmdir()
        pytest.skip(f"a small disk cannot be mounted, the limited one stands for it: {made.stderr.strip()}")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)  # lazy: a failed test leaves files open
        path.rmdir()


@pytest.fixture(params=["limited", "small"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LimitedDisk | SmallDisk]:
    """A disk with a `path` and a context manager `full()`."""
    if request.param == "limited":
        path = tmp_path / "disk"
        path.mkdir()
        yield LimitedDisk(path)
        return
    with mounted() as small:
        yield small
