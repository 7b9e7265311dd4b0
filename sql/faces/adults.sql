-- Grain: one row per person known to be an adult, or taken for one. Reads _standing.
SELECT customer_id FROM _standing WHERE adult ORDER BY customer_id
