-- Grain: party with a handset seen before as_of. The manufacturer it had then. Reads: spells (temporary). Params: as_of (date).
SELECT customer_id AS party_id, max_by(manufacturer, first_at) AS manufacturer
FROM spells
WHERE first_at < CAST($as_of AS DATE) AND manufacturer <> 'unknown'
GROUP BY customer_id
