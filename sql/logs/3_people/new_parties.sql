-- Parties met for the first time, numbered on from the known ones in the order of their ids.
-- Grain: new party. Reads: _log_used (party_id), parties, customers, sources, optouts, _recognised (name, purpose).
-- A party is a customer when it is in the customers table, or where none was ever imported; opted-out people are not.
SELECT
    (
        (SELECT coalesce(max(p.node)::BIGINT, -1) FROM parties AS p) + row_number() OVER (ORDER BY n.party_id)
    )::UINTEGER AS node,
    n.party_id,
    o.customer_id IS NULL AND (
        c.customer_id IS NOT NULL
        OR NOT (EXISTS (SELECT 1 FROM customers) OR EXISTS (SELECT 1 FROM sources WHERE target = 'customers'))
    ) AS is_customer,
    o.customer_id IS NOT NULL AS opted_out
FROM (
    SELECT u.party_id
    FROM _log_used AS u
    LEFT JOIN parties AS p ON u.party_id = p.party_id
    WHERE p.node IS NULL
) AS n
LEFT JOIN customers AS c ON n.party_id = c.customer_id
LEFT JOIN (
    SELECT customer_id FROM optouts
    UNION
    SELECT name AS customer_id FROM _recognised WHERE purpose = 'all'
) AS o ON n.party_id = o.customer_id
ORDER BY node
