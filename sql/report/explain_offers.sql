-- Grain: offer for one customer. Uplift, value, cost, expected value; whether it was chosen.
-- Reads: uplift, offers, choices. Params: customer_id.
SELECT
    u.offer_id,
    u.uplift,
    o.value,
    o.cost,
    o.value * u.uplift - o.cost AS expected_value,
    coalesce(c.offer_id = u.offer_id, FALSE) AS chosen,
    u.model_id
FROM uplift AS u
LEFT JOIN offers AS o ON o.offer_id = u.offer_id
LEFT JOIN choices AS c ON c.customer_id = u.customer_id
WHERE u.customer_id = $customer_id
ORDER BY expected_value DESC, u.offer_id
