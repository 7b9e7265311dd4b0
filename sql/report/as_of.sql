-- Grain: one row. First and last day with contact, and the first day that does not count when none is set: the day
-- after the last event. Reads: events.
SELECT
    local_day(s.first_at) AS first_day,
    local_day(s.last_at) AS last_day,
    local_day(s.last_at) + 1 AS as_of
FROM (SELECT min(started_at) AS first_at, max(started_at) AS last_at FROM events) AS s
