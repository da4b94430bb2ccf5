-- Where every sighting went and why; silences; digests; what the operator is told; recipients that refuse letters.

-- The claim as the thread told it last: what corrections are measured against.
ALTER TABLE alerts ADD COLUMN told TEXT;

-- Digests are letters too. Those of one desk and day are a thread of their own: a row of `alerts` whose claim is '' and whose
-- episode is the day (20261125).
ALTER TABLE letters ADD COLUMN occasion TEXT NOT NULL DEFAULT '"news"';
ALTER TABLE letters ADD COLUMN waits TEXT NOT NULL DEFAULT 'gathering';   -- what an open letter waits for

CREATE INDEX letters_closed ON letters (closed_at) WHERE letter IS NOT NULL;

CREATE TABLE desks (
    name        TEXT PRIMARY KEY,
    known_since INTEGER NOT NULL
) STRICT;

CREATE TABLE silences (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,   -- a number is never given again: letters name it
    matchers TEXT NOT NULL,
    author   TEXT NOT NULL,
    comment  TEXT NOT NULL,
    from_at  INTEGER NOT NULL,
    to_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX silences_by_end ON silences (to_at);

-- One row for each sighting and each desk that gets it, made with the sighting: nothing is lost between two letters.
CREATE TABLE routes (
    sighting INTEGER NOT NULL REFERENCES sightings (id),
    desk     TEXT NOT NULL,                       -- '' for what nobody is ever told
    alert    INTEGER REFERENCES alerts (id),      -- the alert it was counted in
    held     TEXT,                                -- why no letter of its own tells of it; NULL: one does
    silence  INTEGER REFERENCES silences (id),
    held_at  INTEGER,
    told_in  INTEGER REFERENCES letters (id),     -- the digest that told of it
    seen_at  INTEGER NOT NULL,
    PRIMARY KEY (sighting, desk)
) STRICT;

CREATE INDEX routes_waiting ON routes (desk, held, held_at) WHERE held IS NOT NULL AND told_in IS NULL AND desk <> '';
CREATE INDEX routes_of_alert ON routes (alert, seen_at);
CREATE INDEX routes_by_reason ON routes (held, held_at) WHERE held IS NOT NULL;
CREATE INDEX routes_told ON routes (told_in) WHERE told_in IS NOT NULL;

INSERT OR IGNORE INTO routes (sighting, desk, alert, seen_at)
    SELECT j.sighting, a.desk, a.id, s.seen_at FROM letter_sightings j JOIN letters l ON l.id = j.letter
    JOIN alerts a ON a.id = l.alert JOIN sightings s ON s.id = j.sighting;

-- A digest of one name goes to a desk once.
CREATE TABLE digests (
    letter  INTEGER PRIMARY KEY REFERENCES letters (id),
    desk    TEXT NOT NULL,
    slot    TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    UNIQUE (desk, slot)
) STRICT;

CREATE INDEX digests_by_time ON digests (desk, made_at);

CREATE TABLE notices (
    id      INTEGER PRIMARY KEY,
    about   TEXT NOT NULL,
    matter  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    told_in INTEGER REFERENCES letters (id)
) STRICT;

-- What the operator was not told yet is noted once, however often it happens.
CREATE UNIQUE INDEX notices_open ON notices (about) WHERE told_in IS NULL;

CREATE TABLE recipients (
    address   TEXT PRIMARY KEY,
    refusals  INTEGER NOT NULL,     -- letters refused for good since the last one that was taken
    paused_at INTEGER,
    reply     TEXT
) STRICT;
