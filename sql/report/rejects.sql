-- Grain: what was imported, column and reason of rejection. Reads: rejects, sources.
SELECT coalesce(s.target, '') AS target, coalesce(r.column_name, '') AS column_name, r.reason, count(*) AS n
FROM rejects AS r
LEFT JOIN sources AS s ON s.source_id = r.source_id
GROUP BY coalesce(s.target, ''), coalesce(r.column_name, ''), r.reason
ORDER BY n DESC, target, column_name, r.reason
