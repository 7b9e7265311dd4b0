-- What people objected to, by name. Grain: name, purpose and moment. Reads: optouts, consents.
SELECT customer_id AS name, 'all' AS purpose, since AS "at" FROM optouts
UNION
SELECT customer_id AS name, purpose, withdrawn_at AS "at"
FROM consents
WHERE withdrawn_at IS NOT NULL
