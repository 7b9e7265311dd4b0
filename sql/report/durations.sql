-- Grain: manufacturer x days held x whether it ended. Spells with a handset; one that lasts to the end of the records
-- is censored. Reads: handsets.
WITH ordered AS (
    SELECT
        manufacturer,
        first_at,
        lead(first_at) OVER (PARTITION BY customer_id ORDER BY spell) AS next_at,
        last_at
    FROM handsets
)

SELECT
    manufacturer,
    CAST(date_diff('day', first_at, coalesce(next_at, last_at)) AS BIGINT) AS days,
    next_at IS NOT NULL AS ended,
    count(*) AS n
FROM ordered
WHERE manufacturer <> 'unknown'
GROUP BY manufacturer, CAST(date_diff('day', first_at, coalesce(next_at, last_at)) AS BIGINT), next_at IS NOT NULL
ORDER BY manufacturer, days, ended
