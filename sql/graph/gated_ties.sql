-- Grain: unordered pair whose tie does not count. The gated part of table `ties`. Reads: rated.
SELECT r.a, r.b, r.weight, r.reciprocity, CAST(NULL AS DOUBLE) AS overlap, r.active_days, r.gated_because
FROM rated AS r
WHERE r.gated_because IS NOT NULL
