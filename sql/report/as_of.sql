-- Grain: one row. First and last day with contact, and the first day that does not count when none is set: the day
-- after the last event. Reads: events.
SELECT
    CAST(min(started_at) AS DATE) AS first_day,
    CAST(max(started_at) AS DATE) AS last_day,
    CAST(max(started_at) AS DATE) + 1 AS as_of
FROM events
