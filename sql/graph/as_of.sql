-- Grain: one row. The first day that does not count when none is given: the day after the last event; null when
-- nothing happened. Reads: events.
SELECT CAST(max(started_at) AS DATE) + 1 AS as_of
FROM events
