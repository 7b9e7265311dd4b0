-- Grain: party with a handset seen before as_of. Reads: spells (temporary). Params: as_of (date).
-- age_days: since the first day with the handset it had at as_of.
SELECT customer_id, date_diff('day', max(first_at), CAST($as_of AS DATE)) AS handset_age_days
FROM spells
WHERE first_at < CAST($as_of AS DATE)
GROUP BY customer_id
