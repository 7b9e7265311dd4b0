-- Grain: why a pair does not count for influence ('' = it counts). Reads: ties.
SELECT coalesce(gated_because, '') AS reason, count(*) AS n
FROM ties
GROUP BY coalesce(gated_because, '')
ORDER BY reason
