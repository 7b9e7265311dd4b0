-- Grain: one row per customer who may get an ad: those with an offer, or every customer where nothing was chosen yet.
-- Reads choices, customers.
SELECT customer_id
FROM choices
WHERE offer_id IS NOT NULL
UNION
SELECT customer_id
FROM customers
WHERE NOT EXISTS (SELECT 1 FROM choices)
ORDER BY customer_id
