-- Grain: arm. Customers with a match and customers with a finished ad. Reads: matches, ads.
WITH matched AS (
    SELECT arm, count(*) AS matched FROM matches WHERE status = 'matched' GROUP BY arm
),

made AS (
    SELECT arm, count(*) AS ads FROM ads GROUP BY arm
)

SELECT coalesce(m.arm, a.arm) AS arm, coalesce(m.matched, 0) AS matched, coalesce(a.ads, 0) AS ads
FROM matched AS m
FULL JOIN made AS a ON a.arm = m.arm
ORDER BY arm
