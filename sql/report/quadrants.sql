-- Grain: how many customers chose this customer (0, 1, 2, 3+) x bin of the best uplift over all offers (hundredths). Reads: uplift, influencers. Params: definition.
WITH best AS (
    SELECT customer_id, max(uplift) AS uplift
    FROM uplift
    GROUP BY customer_id
),

followers AS (
    SELECT contact_id, count(*) AS customers
    FROM influencers
    WHERE definition = $definition AND rank = 1
    GROUP BY contact_id
)

SELECT
    least(coalesce(f.customers, 0), 3) AS followers,
    greatest(-100, least(99, CAST(floor(b.uplift * 100) AS INTEGER))) AS bin,
    count(*) AS n
FROM best AS b
LEFT JOIN followers AS f ON f.contact_id = b.customer_id
GROUP BY least(coalesce(f.customers, 0), 3), greatest(-100, least(99, CAST(floor(b.uplift * 100) AS INTEGER)))
ORDER BY followers, bin
