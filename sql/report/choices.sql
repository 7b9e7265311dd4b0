-- Grain: segment column x segment x offer ('' = none) of the choices. Customers; segment_by '' = everyone.
-- age_band as in table loyalty. Reads: choices, customers, _ages.
WITH people AS (
    SELECT
        coalesce(c.offer_id, '') AS offer_id,
        coalesce(k.residence, 'not known') AS residence,
        coalesce(a.age_band, 'not known') AS age_band
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
