"""The tables of a fetcher's copy, beside those of the service's state; its triggers note which feeds have changed."""

from ingest import state

SCHEMA = """
CREATE TABLE held (                 -- partitions that there is a copy of
    number INTEGER PRIMARY KEY,
    ours INTEGER NOT NULL,          -- when this was last written
    feeds INTEGER NOT NULL,         -- offset of the next definition to take up
    states INTEGER NOT NULL,        -- the same of notes
    requests INTEGER NOT NULL       -- and of requests
);
CREATE TABLE home (                 -- the partition that a feed is in, and the host that it was added under
    feed INTEGER PRIMARY KEY, number INTEGER NOT NULL, host TEXT NOT NULL
);
CREATE INDEX home_number ON home (number);
CREATE INDEX home_host ON home (host);
CREATE TABLE moved (                -- feeds of our hosts whose state is kept elsewhere: they are at another host now
    feed INTEGER PRIMARY KEY, host TEXT NOT NULL, place INTEGER NOT NULL
);
CREATE TABLE request (              -- what of `pending` came as which request
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, number INTEGER NOT NULL, place INTEGER NOT NULL
);
CREATE INDEX request_number ON request (number, place);
CREATE TABLE link_home (            -- the partition that a link of `link` is known in
    key BLOB PRIMARY KEY, number INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE changed (              -- since notes were last made
    feed INTEGER PRIMARY KEY,
    seen INTEGER NOT NULL           -- which parts of what it has shown, a bit for each (ingest.fleet.rows.PARTS)
);
CREATE TRIGGER feed_added AFTER INSERT ON feed BEGIN
    INSERT INTO changed VALUES (new.id, 0) ON CONFLICT (feed) DO NOTHING;
END;
CREATE TRIGGER feed_changed AFTER UPDATE ON feed BEGIN
    INSERT INTO changed VALUES (new.id, 0) ON CONFLICT (feed) DO NOTHING;
END;
CREATE TRIGGER feed_gone AFTER DELETE ON feed BEGIN
    INSERT INTO changed VALUES (old.id, 0) ON CONFLICT (feed) DO NOTHING;
END;
CREATE TRIGGER address_added AFTER INSERT ON feed_address BEGIN
    INSERT INTO changed VALUES (new.feed, 0) ON CONFLICT (feed) DO NOTHING;
END;
CREATE TRIGGER address_changed AFTER UPDATE ON feed_address BEGIN
    INSERT INTO changed VALUES (new.feed, 0) ON CONFLICT (feed) DO NOTHING;
END;
CREATE TRIGGER entry_added AFTER INSERT ON feed_seen BEGIN
    INSERT INTO changed VALUES (new.feed, 1 << (instr('0123456789ABCDEF', substr(hex(new.key), 1, 1)) - 1) / 2)
    ON CONFLICT (feed) DO UPDATE SET seen = seen | excluded.seen;
END;
CREATE TRIGGER entry_changed AFTER UPDATE OF content ON feed_seen WHEN old.content <> new.content BEGIN
    INSERT INTO changed VALUES (new.feed, 1 << (instr('0123456789ABCDEF', substr(hex(new.key), 1, 1)) - 1) / 2)
    ON CONFLICT (feed) DO UPDATE SET seen = seen | excluded.seen;
END;
"""
RESTORING = """
CREATE TABLE restoring (            -- partitions that are being read, and those that were last: a row each
    numbers TEXT NOT NULL,          -- JSON
    began REAL NOT NULL,            -- Unix time
    read INTEGER NOT NULL, total INTEGER NOT NULL,  -- offsets
    seconds REAL,                   -- that it took; NULL while it goes on
    feeds INTEGER NOT NULL          -- that it brought
);
"""
MIGRATIONS = (*state.MIGRATIONS, SCHEMA, RESTORING)
"""Layouts of a copy, oldest first; a published one is never edited."""
