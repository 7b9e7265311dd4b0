-- Other readings of the same content as the same table, which can be taken back.
-- Grain: import, the first one first. Reads: sources. Params: $target, $sha256, $source_id of the reading to come.
SELECT source_id, format, imported_at, rows_kept, how
FROM sources
WHERE target = $target AND sha256 = $sha256 AND source_id <> $source_id AND number IS NOT NULL
ORDER BY number
