-- Grain: rule, over the customers who get an offer: the one chosen for each, or one and the same for all of them. Sum
-- of the expected value (less cost) by predicted uplift. Reads: uplift, offers, choices.
SELECT
    'all' AS rule,
    o.offer_id,
    count(*) AS n,
    CAST(sum(CAST(o.value * u.uplift - o.cost AS DECIMAL(28, 9))) AS DOUBLE) AS value
FROM choices AS c
INNER JOIN uplift AS u ON u.customer_id = c.customer_id
INNER JOIN offers AS o ON o.offer_id = u.offer_id
WHERE c.offer_id IS NOT NULL
GROUP BY o.offer_id
UNION ALL
SELECT
    'chosen' AS rule,
    '' AS offer_id,
    count(offer_id) AS n,
    CAST(coalesce(sum(CAST(expected_value AS DECIMAL(28, 9))), 0) AS DOUBLE) AS value
FROM choices
WHERE offer_id IS NOT NULL
ORDER BY rule, offer_id
