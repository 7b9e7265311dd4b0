-- Grain: rule for whom to make which offer. Sum of expected value (less cost) by predicted uplift. Reads: uplift,
-- offers, choices.
SELECT
    concat('all: ', o.offer_id) AS policy,
    count(*) AS offers,
    CAST(sum(CAST(o.value * u.uplift - o.cost AS DECIMAL(28, 9))) AS DOUBLE) AS value
FROM uplift AS u
INNER JOIN offers AS o ON o.offer_id = u.offer_id
GROUP BY o.offer_id
UNION ALL
SELECT
    'chosen' AS policy,
    count(offer_id) AS offers,
    CAST(coalesce(sum(CAST(expected_value AS DECIMAL(28, 9))), 0) AS DOUBLE) AS value
FROM choices
ORDER BY policy
