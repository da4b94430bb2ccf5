-- Where a connector goes on reading, and what the operator has ordered beside the daemon.
ALTER TABLE sources ADD COLUMN cursor TEXT;
ALTER TABLE sources ADD COLUMN paused_at INTEGER;   -- switched off by the operator
ALTER TABLE sources ADD COLUMN asked_at INTEGER;    -- the operator asks for a visit now; NULL once it was made

-- 0: only noted (history), so that another source may still find it to be news.
ALTER TABLE posts ADD COLUMN weighed INTEGER NOT NULL DEFAULT 1;

-- Posts of networks are the same post wherever they are found: the first source to find one keeps it.
-- Their keys begin with '*'; '+' is the next character.
CREATE UNIQUE INDEX posts_everywhere ON posts (key) WHERE key >= '*' AND key < '+';
