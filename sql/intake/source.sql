-- An imported file by its id, if it is known.
-- Grain: at most one row. Reads: sources. Params: $source_id; $old the id that an older Kindred gave the same reading.
SELECT target, format, rows_in
FROM sources
WHERE source_id = $source_id OR (source_id = $old AND number IS NULL)
