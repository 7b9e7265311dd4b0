-- Grain: customer. Reads: customers, parties. Those of the customers table, and the parties that count as customers; an opt-out is told.
SELECT
    coalesce(c.customer_id, p.party_id) AS customer_id,
    c.age,
    coalesce(p.opted_out, FALSE) AS opted_out
FROM customers AS c
FULL OUTER JOIN (SELECT party_id, opted_out FROM parties WHERE is_customer) AS p ON p.party_id = c.customer_id
ORDER BY coalesce(c.customer_id, p.party_id)
