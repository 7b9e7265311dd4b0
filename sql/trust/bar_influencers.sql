-- Influence worked out without consent to traffic data of both. Grain: delete. Reads: _standing. Writes: influencers.
DELETE FROM influencers
WHERE
    customer_id NOT IN (SELECT s.customer_id FROM _standing AS s WHERE s.traffic)
    OR contact_id NOT IN (SELECT s.customer_id FROM _standing AS s WHERE s.traffic)
