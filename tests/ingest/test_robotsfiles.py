"""Files of robots.txt are kept as they were, by origin, and forgotten when they hold no longer."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from ingest.robotsfiles import SCHEMA, RobotsFile, forget, keep, kept


def test_what_was_kept_last_comes_back_until_it_is_forgotten():
    first = RobotsFile("User-agent: *\nDisallow: /größe", 100.0)
    second = RobotsFile("User-agent: *\nDisallow: /", 200.0, "status 503")
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA)
        keep(connection, "http://a.example:80", first)
        keep(connection, "http://b.example:80", first)
        keep(connection, "http://b.example:80", second)

        assert kept(connection, "http://a.example:80") == first
        assert kept(connection, "http://b.example:80") == second
        assert kept(connection, "https://b.example:80") is None

        assert forget(connection, 100.0) == 1
        assert kept(connection, "http://a.example:80") is None
        assert kept(connection, "http://b.example:80") == second
