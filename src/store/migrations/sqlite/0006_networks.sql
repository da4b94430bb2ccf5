-- Posts pushed in, until the daemon has read them. Numbers are never used twice: a source's cursor stands on them.
CREATE TABLE inbox (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    source  TEXT NOT NULL,
    post    TEXT NOT NULL,
    came_at INTEGER NOT NULL
) STRICT;

CREATE INDEX inbox_by_source ON inbox (source, id);

-- Taken back by its author or its network; its text goes as soon as no letter that gathers quotes it.
ALTER TABLE posts ADD COLUMN retracted_at INTEGER;

CREATE INDEX posts_retracted ON posts (id) WHERE retracted_at IS NOT NULL AND post IS NOT NULL;

-- All posts of one author, found by the beginning of their addresses: whole accounts are taken back too.
CREATE INDEX posts_by_address ON posts (json_extract(post, '$.url')) WHERE key >= '*' AND key < '+' AND post IS NOT NULL;
