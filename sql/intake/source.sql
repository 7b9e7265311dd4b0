-- An imported file by its id, if it is known.
-- Grain: at most one row. Reads: sources. Params: $source_id.
SELECT target, format, rows_in FROM sources WHERE source_id = $source_id
