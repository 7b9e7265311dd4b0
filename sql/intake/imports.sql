-- What came in, in order; what an older Kindred had brought in first.
-- Grain: import. Reads: sources.
SELECT
    source_id, target, path, format, imported_at, rows_in, rows_kept, rows_duplicate, rows_rejected, number, how
FROM sources
WHERE target NOT IN ('erasure', 'undo')
ORDER BY number NULLS FIRST, imported_at, source_id
