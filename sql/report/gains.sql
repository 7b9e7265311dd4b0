-- Grain: offer x fiftieth of the customers of its past campaigns ordered by predicted uplift (1 = highest) x given or
-- control. Customers and acceptances. Reads: treatments, uplift.
WITH given AS (
    SELECT DISTINCT campaign_id, offer_id
    FROM treatments
    WHERE offer_id IS NOT NULL
),

judged AS (
    SELECT g.offer_id, t.customer_id, t.offer_id IS NOT NULL AS treated, t.accepted, u.uplift
    FROM given AS g
    INNER JOIN treatments AS t ON t.campaign_id = g.campaign_id AND (t.offer_id = g.offer_id OR t.offer_id IS NULL)
    INNER JOIN uplift AS u ON u.customer_id = t.customer_id AND u.offer_id = g.offer_id
    WHERE t.accepted IS NOT NULL
),

ranked AS (
    SELECT *, ntile(50) OVER (PARTITION BY offer_id ORDER BY uplift DESC, customer_id, treated) AS tile
    FROM judged
)

SELECT offer_id, tile, treated, count(*) AS n, count(CASE WHEN accepted THEN 1 END) AS accepted
FROM ranked
GROUP BY offer_id, tile, treated
ORDER BY offer_id, tile, treated
