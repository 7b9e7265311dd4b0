-- How many customers have another influencer, offer, face or ad: one that had none, has none any more, or another one.
-- Grain: kind with changes. Reads: _changed (see history/changed).
SELECT
    kind,
    count(*) AS changed,
    count(*) FILTER (WHERE before IS NULL) AS new,
    count(*) FILTER (WHERE after IS NULL) AS lost,
    count(*) FILTER (WHERE before IS NOT NULL AND after IS NOT NULL) AS other
FROM _changed
GROUP BY kind
ORDER BY kind
