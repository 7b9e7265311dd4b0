-- Grain: handset change known before as_of. Reads: spells (temporary: the rows of sql/offers/spells.sql).
-- Params: as_of (date). The first spell is where the log begins, not a change.
SELECT customer_id AS party_id, first_at AS changed_at
FROM spells
WHERE spell > 1 AND first_at < $as_of
ORDER BY customer_id, first_at
