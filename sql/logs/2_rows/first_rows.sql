-- The first rows of a file as they were read, to be shown beside what stands in it. No ids.
-- Grain: input row. Reads: _log_all.
SELECT
    kind::VARCHAR AS kind,
    CASE WHEN reason IS NULL THEN started_at::VARCHAR ELSE reason::VARCHAR END AS started_at,
    CASE WHEN reason IS NULL THEN duration_s::VARCHAR END AS duration_s,
    CASE WHEN reason IS NULL THEN answered::VARCHAR END AS answered,
    CASE WHEN reason IS NULL THEN volume_mb::VARCHAR END AS volume_mb
FROM _log_all
WHERE row_id < 3
ORDER BY row_id
