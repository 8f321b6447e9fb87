"""Configurations for tests of the commands: loopback allowed, no time between requests."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from ingest import feedstore, state
from ingest.config import Config, load

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.feedstore import Listed

LOOPBACK = '[fetch]\nuser_agent = "newstap/1 (+https://example.org/contact)"\nhost_delay_seconds = 0\n'
LOOPBACK += 'host_connections = 20\ntimeout_seconds = 20\nallow_networks = ["127.0.0.0/8"]\n'


def configuration(folder: Path, *urls: str, more: str = "") -> Config:
    """Write and load a configuration with feeds."""
    file = folder / "newstap.toml"
    feeds = "".join(f'[[feeds]]\nurl = "{url}"\n' for url in urls)
    file.write_text(LOOPBACK + feeds + more)
    return load(file, {"TOKEN": "s3cret"})


def stored(config: Config) -> list[Listed]:
    """What the state holds."""
    with closing(state.beside(config.state.path)) as store, store.reading() as connection:
        return list(feedstore.listed(connection))
