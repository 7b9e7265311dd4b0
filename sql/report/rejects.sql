-- Grain: what was imported and reason of rejection. Reads: rejects, sources.
SELECT coalesce(s.target, '') AS target, r.reason, count(*) AS n
FROM rejects AS r
LEFT JOIN sources AS s ON s.source_id = r.source_id
GROUP BY coalesce(s.target, ''), r.reason
ORDER BY n DESC, target, r.reason
