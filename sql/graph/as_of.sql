-- Grain: one row. The first day that does not count when none is given: the day after the last event; null when
-- nothing happened. Reads: events.
SELECT local_day(s.last_at) + 1 AS as_of
FROM (SELECT max(started_at) AS last_at FROM events) AS s
