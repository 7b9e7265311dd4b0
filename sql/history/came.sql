-- What came in, went or was taken back between two runs. Grain: kind of it. Reads: sources.
-- Params: $since and $until, numbers of imports and deletions.
SELECT DISTINCT CASE WHEN target = 'erasure' THEN format ELSE target END AS what, target
FROM sources
WHERE "number" > $since AND "number" <= $until
ORDER BY what
