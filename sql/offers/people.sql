-- Grain: customer who has not opted out: those of the customers table, and the parties that count as customers.
-- Reads: customers, parties, optouts, _standing. Params: $unknown_is_adult, $unknown_offers, what holds for those of whom
-- nothing is known.
WITH everybody AS (
    SELECT customer_id FROM customers
    UNION
    SELECT party_id AS customer_id FROM parties WHERE is_customer
)

SELECT
    e.customer_id,
    s.age,
    coalesce(s.adult, $unknown_is_adult) AS adult,
    coalesce(s.offers, $unknown_offers) AS offers
FROM everybody AS e
LEFT JOIN _standing AS s ON s.customer_id = e.customer_id
WHERE
    e.customer_id NOT IN (SELECT o.customer_id FROM optouts AS o)
    AND e.customer_id NOT IN (SELECT p.party_id FROM parties AS p WHERE p.opted_out)
ORDER BY e.customer_id
