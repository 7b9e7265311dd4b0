-- Grain: segment column x segment x offer ('' = none) of the choices. Customers; segment_by '' = everyone.
-- age_band as in table loyalty. Reads: choices, customers, _ages.
WITH people AS (
    SELECT
        coalesce(c.offer_id, '') AS offer_id,
        coalesce(k.residence, 'not known') AS residence,
        CASE
            WHEN a.age IS NULL THEN 'not known'
            WHEN a.age < 18 THEN '0-17'
            WHEN a.age < 25 THEN '18-24'
            WHEN a.age < 35 THEN '25-34'
            WHEN a.age < 45 THEN '35-44'
            WHEN a.age < 55 THEN '45-54'
            WHEN a.age < 65 THEN '55-64'
            ELSE '65+'
        END AS age_band
    FROM choices AS c
    LEFT JOIN customers AS k ON k.customer_id = c.customer_id
    LEFT JOIN _ages AS a ON a.customer_id = c.customer_id
)

SELECT '' AS segment_by, '' AS segment, offer_id, count(*) AS n FROM people GROUP BY offer_id
UNION ALL
SELECT 'residence' AS segment_by, residence AS segment, offer_id, count(*) AS n FROM people GROUP BY residence, offer_id
UNION ALL
SELECT 'age_band' AS segment_by, age_band AS segment, offer_id, count(*) AS n FROM people GROUP BY age_band, offer_id
ORDER BY segment_by, segment, offer_id
