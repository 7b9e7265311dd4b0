-- How many of a file's rows that stay fall on each day.
-- Grain: day. Reads: _log_new.
SELECT local_day(started_at) AS day, count(*)::BIGINT AS n FROM _log_new GROUP BY local_day(started_at) ORDER BY day
