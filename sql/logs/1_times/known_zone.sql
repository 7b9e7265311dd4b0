-- Whether there is a time zone of that name.
-- Grain: one row. Params: $zone.
SELECT count(*) > 0 AS known FROM pg_timezone_names() WHERE name = $zone
