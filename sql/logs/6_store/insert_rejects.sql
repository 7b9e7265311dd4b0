-- Keeps a file's rejected rows with their reasons, ids masked; rows that the mapping leaves out are not among them.
-- Grain: rejected row. Reads: _log_refused, _log_bad_rows. Writes: rejects. Params: $source_id.
INSERT INTO rejects BY NAME
SELECT $source_id AS source_id, row_id + 1 AS row_number, reason, raw FROM _log_refused WHERE reason <> 'left_out'
UNION ALL
SELECT $source_id AS source_id, row_id + 1 AS row_number, reason, coalesce(raw, '') AS raw FROM _log_bad_rows
ORDER BY row_number
