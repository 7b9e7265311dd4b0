-- Ads of others whose face was chosen after an erased person's. Grain: delete.
-- Reads: matches, _erased (name). Writes: ads.
DELETE FROM ads
WHERE (customer_id, arm) IN (
    SELECT (m.customer_id, m.arm)
    FROM matches AS m
    INNER JOIN _erased AS e ON m.subject_id = e.name
)
