-- Grain: one row. First and last day of the log; null when nothing happened. Reads: events.
SELECT local_day(s.first_at) AS first_day, local_day(s.last_at) AS last_day
FROM (SELECT min(started_at) AS first_at, max(started_at) AS last_at FROM events) AS s
