-- Grain: hundredth of the customers who get an offer, by expected value per cost, best first. Offers, cost, expected
-- value (already less the cost). Reads: choices, offers.
WITH chosen AS (
    SELECT
        c.customer_id,
        c.expected_value,
        o.cost,
        ntile(100) OVER (
            ORDER BY c.expected_value / greatest(o.cost, 0.000001) DESC, c.expected_value DESC, c.customer_id
        ) AS tile
    FROM choices AS c
    INNER JOIN offers AS o ON o.offer_id = c.offer_id
)

SELECT
    tile,
    count(*) AS offers,
    CAST(sum(CAST(cost AS DECIMAL(28, 6))) AS DOUBLE) AS cost,
    CAST(sum(CAST(expected_value AS DECIMAL(28, 9))) AS DOUBLE) AS value
FROM chosen
GROUP BY tile
ORDER BY tile
