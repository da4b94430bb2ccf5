-- Feeds of alerts: their letters are found newest first.
CREATE INDEX deliveries_in_feed ON deliveries (id) WHERE recipient = 'feed';

-- Claims as a digest told them last: what corrections are measured against where no letter of its own told of a claim.
CREATE TABLE digest_claims (
    desk         TEXT NOT NULL,
    claim        TEXT NOT NULL,
    told         TEXT NOT NULL,
    told_at      INTEGER NOT NULL,
    correction   TEXT,             -- what the next digest has to say; NULL: what was told still holds
    corrected_at INTEGER,
    PRIMARY KEY (desk, claim)
) STRICT;

CREATE INDEX digest_claims_wrong ON digest_claims (desk, corrected_at) WHERE correction IS NOT NULL;
