"""A dashboard behind a listener, over a state with feeds in it: real sockets, no service."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ingest import configured, feedstore, state
from ingest.alarms import Look, feeds, keep
from ingest.alarms.kept import Key, Raised
from ingest.config import load
from ingest.dashboard import Dashboard
from ingest.health import Health
from ingest.listener import Listener
from ingest.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlette.routing import Route

    from ingest.alarms import Alarm
    from ingest.config import Config
    from ingest.feedstore import Listed

TOPICS = ("north-korea", "russia")


@dataclass(frozen=True)
class Served:
    """A dashboard and where it is."""

    dashboard: Dashboard
    config: Config
    url: str

    def feeds(self, *urls: str) -> list[Listed]:
        """Add feeds to the state, and return all."""
        with closing(state.beside(self.config.state.path)) as store, store.transaction() as connection:
            settings = configured.settings(self.config.schedule)
            feedstore.add(connection, [feedstore.Feed(url=url) for url in urls], settings=settings, now=time.time())
            return list(feedstore.listed(connection))

    def alarmed(self, *alarms: Alarm) -> None:
        """Let alarms stand; those of feeds are of feeds in the state."""
        with closing(state.beside(self.config.state.path)) as store, store.transaction() as connection:
            numbers = {row.url: str(row.id) for row in feeds(connection)}
            raised = {Raised(Key(one.scope, numbers.get(one.name, one.name)), one.kind): one for one in alarms}
            keep(connection, Look(time.time(), alarms=dict(raised)))

    def browser(self, **headers: str) -> httpx.Client:
        """Return what keeps cookies and follows redirects; to be closed."""
        return httpx.Client(
            base_url=self.url, trust_env=False, verify=False, timeout=60, follow_redirects=True, headers=headers
        )

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask once, without anything kept from before."""
        with self.browser(**headers) as browser:
            return browser.get(path, follow_redirects=False)


def listened(stack: ExitStack, config: Config, health: Health, pages: list[Route], **options: Any) -> str:
    """Serve pages until the stack ends, and return where."""
    listener = Listener(
        config.dashboard.listen if config.dashboard.token else "127.0.0.1:0",
        health,
        Metrics(version="1.2.3"),
        token=config.dashboard.token,
        pages=pages,
        **options,
    )
    listener.start()
    stack.callback(listener.stop)
    return listener.url.replace("0.0.0.0", "127.0.0.1")


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Start dashboards that end with the test; keyword arguments go to the listener."""
    with ExitStack() as stack:

        def serving(text: str = "", environ: dict[str, str] | None = None, **options: Any) -> Served:
            file = tmp_path / "newstap.toml"
            file.write_text(f'[state]\npath = "state"\n[sinks.files]\npath = "out"\n{text}')
            config = load(file, environ or {})
            stack.callback(state.owned(config.state.path).close)
            health = Health()
            dashboard = Dashboard(config, health, TOPICS)
            stack.callback(dashboard.close)
            return Served(dashboard, config, listened(stack, config, health, dashboard.routes(), **options))

        yield serving


@pytest.fixture
def served(serving: Callable[..., Served]) -> Served:
    return serving()
