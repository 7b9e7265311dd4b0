-- Rejected rows with the name of their file, as given and with ids masked. Grain: rejected row.
-- Reads: rejects, sources.
SELECT r.source_id, s.path AS file, r.row_number, r.reason, r.raw, r.column_name, r.detail
FROM rejects AS r
LEFT JOIN sources AS s ON s.source_id = r.source_id
ORDER BY r.source_id, r.row_number
