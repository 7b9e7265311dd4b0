-- Rows whose local time stands twice on the clock (the hour that summer time gives back); they are read as one of the
-- two and counted.
-- Grain: one row. Reads: _log_all. Params: $zone the time zone of the file's times.
WITH hours AS (
    SELECT date_trunc('hour', started_at) AS hour, count(*) AS n
    FROM _log_all
    WHERE reason IS NULL
    GROUP BY date_trunc('hour', started_at)
)

SELECT coalesce(sum(n), 0)::BIGINT AS n
FROM hours
WHERE
    timezone($zone, timezone('UTC', hour)) = timezone($zone, timezone('UTC', hour + INTERVAL 1 HOUR))
    OR timezone($zone, timezone('UTC', hour)) = timezone($zone, timezone('UTC', hour - INTERVAL 1 HOUR))
