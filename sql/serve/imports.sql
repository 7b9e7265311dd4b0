-- Grain: file imported, the newest first. Reads: sources. Params: limit.
SELECT target, path, format, rows_in, rows_kept, rows_duplicate, rows_rejected, imported_at
FROM sources
ORDER BY imported_at DESC, source_id
LIMIT $limit
