-- Grain: one row per person of whom something is known but calls. Reads _standing.
SELECT customer_id FROM _standing ORDER BY customer_id
