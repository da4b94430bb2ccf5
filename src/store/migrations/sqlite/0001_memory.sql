-- What claimwatch remembers. Times are milliseconds since 1970 (UTC); JSON is TEXT; whatever must be unique is UNIQUE here.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Part of every Message-ID: two installations that share a domain cannot make the same one.
INSERT INTO meta (name, value) VALUES ('store_id', lower(hex(randomblob(16))));

CREATE TABLE sources (
    name          TEXT PRIMARY KEY,
    health        TEXT NOT NULL,
    etag          TEXT,
    last_modified TEXT,
    next_due      INTEGER,
    last_success  INTEGER,
    failures      INTEGER NOT NULL,
    last_error    TEXT,
    unchanged     INTEGER NOT NULL
) STRICT;

CREATE TABLE posts (
    id        INTEGER PRIMARY KEY,
    source    TEXT NOT NULL,
    key       TEXT NOT NULL,
    post      TEXT,               -- NULL once its text is forgotten; the key is remembered longer
    seen_at   INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    UNIQUE (source, key)
) STRICT;

CREATE INDEX posts_by_last_seen ON posts (last_seen);
CREATE INDEX posts_by_seen_at ON posts (seen_at);

CREATE TABLE claims (
    id         TEXT NOT NULL,
    revision   TEXT NOT NULL,
    claim      TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (id, revision)
) STRICT;

CREATE TABLE sightings (
    id       INTEGER PRIMARY KEY,
    post     INTEGER NOT NULL REFERENCES posts (id),
    claim    TEXT NOT NULL,
    revision TEXT NOT NULL,
    decision TEXT NOT NULL,
    sighting TEXT,                -- NULL once its reasons are forgotten
    seen_at  INTEGER NOT NULL,
    UNIQUE (post, claim),
    FOREIGN KEY (claim, revision) REFERENCES claims (id, revision)
) STRICT;

CREATE INDEX sightings_by_seen_at ON sightings (seen_at);
CREATE INDEX sightings_by_claim ON sightings (claim, seen_at);

CREATE TABLE alerts (
    id            INTEGER PRIMARY KEY,
    claim         TEXT NOT NULL,
    desk          TEXT NOT NULL,
    episode       INTEGER NOT NULL,
    opened_at     INTEGER NOT NULL,
    last_sighting INTEGER NOT NULL,
    UNIQUE (claim, desk, episode)
) STRICT;

CREATE TABLE letters (
    id             INTEGER PRIMARY KEY,
    alert          INTEGER NOT NULL REFERENCES alerts (id),
    instalment     INTEGER NOT NULL,
    due_at         INTEGER NOT NULL,
    closed_at      INTEGER,       -- NULL while it gathers sightings
    letter         TEXT,          -- the words, frozen when it is closed
    unsent_because TEXT,          -- why a closed letter has no deliveries
    UNIQUE (alert, instalment)
) STRICT;

-- An alert has one letter that gathers, or none.
CREATE UNIQUE INDEX letters_gathering ON letters (alert) WHERE closed_at IS NULL;
CREATE INDEX letters_due ON letters (due_at) WHERE closed_at IS NULL;

CREATE TABLE letter_sightings (
    letter   INTEGER NOT NULL REFERENCES letters (id),
    sighting INTEGER NOT NULL REFERENCES sightings (id),
    PRIMARY KEY (letter, sighting)
) STRICT;

CREATE INDEX letter_sightings_by_sighting ON letter_sightings (sighting);

CREATE TABLE deliveries (
    id          INTEGER PRIMARY KEY,
    letter      INTEGER NOT NULL REFERENCES letters (id),
    alert       INTEGER NOT NULL REFERENCES alerts (id),
    instalment  INTEGER NOT NULL,
    recipient   TEXT NOT NULL,
    message_id  TEXT NOT NULL UNIQUE,
    state       TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'dead', 'dropped')),
    attempts    INTEGER NOT NULL,
    queued_at   INTEGER NOT NULL,
    first_tried INTEGER,
    next_at     INTEGER NOT NULL,
    settled_at  INTEGER,
    reply       TEXT,             -- the relay's last words, or why it was not asked
    UNIQUE (letter, recipient)
) STRICT;

CREATE INDEX deliveries_waiting ON deliveries (next_at, id) WHERE state IN ('queued', 'sending');
CREATE INDEX deliveries_of_alert ON deliveries (alert, recipient, instalment);
