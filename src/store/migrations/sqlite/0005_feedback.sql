-- What people said about sightings; the newest word about a sighting counts, older ones are kept.
CREATE TABLE feedback (
    id       INTEGER PRIMARY KEY,
    sighting INTEGER NOT NULL REFERENCES sightings (id),
    claim    TEXT NOT NULL,
    revision TEXT NOT NULL,       -- of the rule that had decided: another wording of the rule is another question
    opinion  TEXT NOT NULL CHECK (opinion IN ('confirmed', 'dismissed')),
    said_by  TEXT,
    why      TEXT,
    print    TEXT NOT NULL,       -- of the post's words, so that copies are known after its text is forgotten
    said_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX feedback_by_claim ON feedback (claim, revision);
CREATE INDEX feedback_by_sighting ON feedback (sighting, id);

-- Set for a sighting that told nobody, because people had dismissed one like it; its decision is then 'below'.
ALTER TABLE sightings ADD COLUMN dismissed_like INTEGER REFERENCES sightings (id);

-- Addresses of fact-checks, as `lint --online` found them.
CREATE TABLE links (
    url        TEXT PRIMARY KEY,
    checked_at INTEGER NOT NULL,
    good_at    INTEGER            -- when it last answered well; NULL: never
) STRICT;
