"""The tables. Part of the state's migrations: once published this script is never edited."""

SCHEMA = """
CREATE TABLE feed (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: seen entries and records name it
    url TEXT NOT NULL,
    host TEXT NOT NULL,                    -- name and port of the URL
    configured INTEGER NOT NULL,           -- stands in the configuration file
    stored INTEGER NOT NULL,               -- was added by a command or an import
    paused INTEGER NOT NULL DEFAULT 0,
    added REAL NOT NULL,
    dropped REAL,                          -- since when it is neither configured nor stored
    name TEXT, own_interval REAL, pages INTEGER, language TEXT, zone TEXT,
    tags TEXT NOT NULL, folders TEXT NOT NULL,      -- JSON arrays
    wake REAL NOT NULL,                    -- when it may be claimed: next_due, or the end of a lease
    claim INTEGER NOT NULL DEFAULT 0,      -- number of the last claim; an older one can commit nothing
    claimed REAL,                          -- when it was claimed, while nothing has come of it
    interval REAL NOT NULL, next_due REAL NOT NULL,
    validators_url TEXT, etag BLOB, last_modified BLOB, body_hash BLOB,
    declared REAL, max_age REAL,
    errors INTEGER NOT NULL DEFAULT 0, error TEXT, failing_since REAL,
    health TEXT NOT NULL DEFAULT 'active', gone_since REAL,
    redirect_target TEXT, redirect_since REAL, redirect_count INTEGER, redirect_proven INTEGER,
    last_success REAL, last_body REAL, unmodified INTEGER NOT NULL DEFAULT 0,
    last_items REAL, usual_gap REAL, entries INTEGER NOT NULL DEFAULT 0, steady INTEGER NOT NULL DEFAULT 0,
    parsed INTEGER NOT NULL DEFAULT 0, missed INTEGER NOT NULL DEFAULT 0, lies INTEGER NOT NULL DEFAULT 0,
    silent INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX feed_wake ON feed (wake) WHERE paused = 0 AND dropped IS NULL;
CREATE TABLE feed_address (  -- every address a feed has or had; one address, one feed
    address TEXT PRIMARY KEY, feed INTEGER NOT NULL, url TEXT NOT NULL, since REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX feed_address_feed ON feed_address (feed);
CREATE TABLE feed_seen (
    feed INTEGER NOT NULL, key BLOB NOT NULL, content BLOB NOT NULL, edits INTEGER NOT NULL,
    last REAL NOT NULL,  -- when it was last in a document that was parsed
    PRIMARY KEY (feed, key)
) WITHOUT ROWID;
"""
