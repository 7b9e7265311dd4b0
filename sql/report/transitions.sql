-- Grain: manufacturer left x manufacturer taken next. Changes of handset between known manufacturers, and how many
-- different customers made them. Reads: handsets.
WITH ordered AS (
    SELECT
        customer_id,
        manufacturer AS taken,
        lag(manufacturer) OVER (PARTITION BY customer_id ORDER BY spell) AS "left"
    FROM handsets
)

SELECT "left", taken, count(*) AS n, count(DISTINCT customer_id) AS customers
FROM ordered
WHERE "left" IS NOT NULL AND "left" <> 'unknown' AND taken <> 'unknown'
GROUP BY "left", taken
ORDER BY "left", taken
