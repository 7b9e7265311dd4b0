-- The files that said something of these pairs, in the order in which they came; those of an older Kindred have no number.
-- Grain: import. Reads: _undo_rows, sources.
SELECT u.source_id, s.number, s.how
FROM (SELECT DISTINCT source_id FROM _undo_rows) AS u
LEFT JOIN sources AS s ON u.source_id = s.source_id
ORDER BY s.number NULLS FIRST, u.source_id
