-- Grain: one row. First and last day of the log; null when nothing happened. Reads: events.
SELECT CAST(min(started_at) AS DATE) AS first_day, CAST(max(started_at) AS DATE) AS last_day
FROM events
