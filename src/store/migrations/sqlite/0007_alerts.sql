-- Feeds of alerts: their letters are found newest first.
CREATE INDEX deliveries_in_feed ON deliveries (id) WHERE recipient = 'feed';
