-- How a post is recognised when its publisher changes identifiers, what was edited, and what is a copy of what.

-- What is known of a source besides its timetable: how its keys are made, where it moved, since when it fails (JSON).
ALTER TABLE sources ADD COLUMN condition TEXT;

ALTER TABLE posts ADD COLUMN url_alias TEXT;        -- its address without scheme and tracking; NULL where it shares it
ALTER TABLE posts ADD COLUMN text_hash TEXT;        -- a digest of its words as they stand now
ALTER TABLE posts ADD COLUMN tells INTEGER NOT NULL DEFAULT 0;      -- 1: its words are enough to recognise it by
ALTER TABLE posts ADD COLUMN revision_of INTEGER;     -- an edited text that was worth a letter
ALTER TABLE posts ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

-- Posts with sightings only: the first post of those with nearly the same text, and what their texts are compared by.
ALTER TABLE posts ADD COLUMN copy_of INTEGER;
ALTER TABLE posts ADD COLUMN print TEXT;

CREATE INDEX posts_by_url ON posts (url_alias, source) WHERE url_alias IS NOT NULL;
CREATE INDEX posts_by_text ON posts (text_hash, source) WHERE tells = 1;
CREATE INDEX posts_by_revision ON posts (revision_of, revision) WHERE revision_of IS NOT NULL;
CREATE INDEX posts_by_copy ON posts (copy_of) WHERE copy_of IS NOT NULL;

CREATE TABLE copy_anchors (
    anchor INTEGER NOT NULL,
    post INTEGER NOT NULL,
    PRIMARY KEY (anchor, post)
) STRICT, WITHOUT ROWID;

CREATE INDEX copy_anchors_by_post ON copy_anchors (post);
