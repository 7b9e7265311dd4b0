-- The hours of the day in which a zone's clock ever skips some time.
-- Grain: hour. Params: $zone.
WITH days AS (
    SELECT unnest(generate_series(TIMESTAMP '1990-01-01', TIMESTAMP '2100-01-01', INTERVAL 1 DAY)) AS day
),

changed AS (
    SELECT day
    FROM days
    WHERE
        timezone($zone, timezone('UTC', day + INTERVAL 2 DAY)) - timezone($zone, timezone('UTC', day - INTERVAL 1 DAY))
        > INTERVAL 3 DAY
),

quarters AS (
    SELECT DISTINCT day + to_minutes(15 * step) AS shown FROM changed CROSS JOIN (SELECT unnest(range(96)) AS step)
)

SELECT DISTINCT hour(shown)::INTEGER AS hour
FROM quarters
WHERE timezone($zone, timezone($zone, shown)) <> shown
ORDER BY hour
