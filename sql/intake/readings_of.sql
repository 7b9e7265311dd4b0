-- Every row that files of a table had, with its columns. Grain: row. Reads: readings, sources, meta.
-- Params: $target; $base the id of what was there before.
SELECT r.source_id, r.row_number, r.cells, coalesce(s.how, m.value) AS how
FROM readings AS r
LEFT JOIN sources AS s ON r.source_id = s.source_id
LEFT JOIN meta AS m ON r.source_id = m.name
WHERE s.target = $target OR r.source_id = $base
ORDER BY r.source_id, r.row_number
