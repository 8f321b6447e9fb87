"""`newstap check`: what is well on stdout, every problem on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.ingest.newsroom import configured, newstap

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_well_is_listed_and_nothing_is_made(tmp_path: Path) -> None:
    before = {*tmp_path.iterdir(), configured(tmp_path)}
    done = newstap("check", "--config", "newstap.toml", cwd=tmp_path)
    assert done.returncode == 0
    assert all(line.startswith("ok: ") for line in done.stdout.splitlines())
    assert "boilerplate rules" in done.stdout
    assert set(tmp_path.iterdir()) == before


def test_every_problem_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    config = configured(
        tmp_path,
        '[state]\npath = "file/state"\n[sinks.files]\npath = "file/out"\n[sinks.kafka]\nbootstrap = "127.0.0.1:1"\n'
        '[[processors]]\nuse = "missing:Name"\n',
    )
    done = newstap("check", "--config", config, cwd=tmp_path)
    assert done.returncode == 2
    for part in ("state.path: ", "sinks.files.path: ", "'missing' cannot be imported", "127.0.0.1:1"):
        assert part in done.stderr
    assert "ok: boilerplate rules" in done.stdout
