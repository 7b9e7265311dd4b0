-- How many of a file's rows that stay fall on each day.
-- Grain: day. Reads: _log_new.
SELECT started_at::DATE AS day, count(*)::BIGINT AS n FROM _log_new GROUP BY started_at::DATE ORDER BY day
