-- What networks say of posts besides their words, and hubs that push feeds.

ALTER TABLE posts ADD COLUMN reposts INTEGER NOT NULL DEFAULT 0;    -- how often it was reposted, as far as it was heard
ALTER TABLE posts ADD COLUMN number TEXT;             -- server|number: deletions heard on a stream name nothing else

CREATE INDEX posts_by_number ON posts (number) WHERE number IS NOT NULL;

-- Subscriptions at WebSub hubs (W3C Recommendation of 23 January 2018).
CREATE TABLE subscriptions (
    id          TEXT PRIMARY KEY,     -- 256 bits of chance: the end of the callback's address, which nobody can guess
    source      TEXT NOT NULL,
    hub         TEXT NOT NULL,
    topic       TEXT NOT NULL,
    secret      TEXT NOT NULL,        -- what deliveries are signed with
    state       TEXT NOT NULL CHECK (state IN ('wanted', 'asked', 'active', 'leaving', 'refused')),
    ask_at      INTEGER NOT NULL,     -- when the hub is asked next: for the first time, to renew, or to end it
    failures    INTEGER NOT NULL,     -- requests in a row that the hub did not take
    lease_until INTEGER,
    heard_at    INTEGER,              -- when something signed came last
    last_error  TEXT
) STRICT;

-- A source has one subscription, besides those that are being ended.
CREATE UNIQUE INDEX subscriptions_of_source ON subscriptions (source) WHERE state <> 'leaving';
CREATE INDEX subscriptions_due ON subscriptions (ask_at);
