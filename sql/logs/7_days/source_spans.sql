-- First and last moment of each import's rows. Grain: import. Reads: events, repeats.
SELECT s.source_id, min(s.first_at) AS first_at, max(s.last_at) AS last_at
FROM (
    SELECT source_id, min(started_at) AS first_at, max(started_at) AS last_at FROM events GROUP BY source_id
    UNION ALL
    SELECT source_id, min(started_at) AS first_at, max(started_at) AS last_at FROM repeats GROUP BY source_id
) AS s
GROUP BY s.source_id
ORDER BY s.source_id
