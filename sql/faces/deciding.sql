-- Customers of whom it is decided what they are shown. Grain: customer who has not opted out.
-- reason: why nothing; null = an arm is looked for. Reads: choices, _standing, optouts.
-- Params: $unknown_is_adult, $unknown_offers: what people of whom nothing is known are, and may get.
SELECT
    c.customer_id,
    CASE
        WHEN NOT coalesce(a.adult, $unknown_is_adult) THEN 'minor'
        WHEN NOT coalesce(a.offers, $unknown_offers) THEN 'no_consent'
        WHEN c.offer_id IS NULL THEN 'no_offer'
    END AS reason
FROM choices AS c
LEFT JOIN _standing AS a ON a.customer_id = c.customer_id
WHERE c.customer_id NOT IN (SELECT o.customer_id FROM optouts AS o)
ORDER BY c.customer_id
