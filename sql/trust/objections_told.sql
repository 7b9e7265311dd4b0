-- What people objected to, by name. Grain: name and purpose. Reads: optouts, consents.
SELECT customer_id AS name, 'all' AS purpose, since AS "at" FROM optouts
UNION ALL
SELECT customer_id AS name, purpose, max(withdrawn_at) AS "at"
FROM consents
WHERE withdrawn_at IS NOT NULL
GROUP BY customer_id, purpose
