-- How many people of a list nothing is known of: nobody of that name called, was called or is in any table.
-- Grain: one row. Reads: _people (name), parties, customers, treatments, acts, photos.
SELECT count(*) AS n
FROM _people AS p
WHERE
    NOT EXISTS (SELECT 1 FROM parties AS o WHERE o.party_id = p.name)
    AND NOT EXISTS (SELECT 1 FROM customers AS o WHERE o.customer_id = p.name)
    AND NOT EXISTS (SELECT 1 FROM treatments AS o WHERE o.customer_id = p.name)
    AND NOT EXISTS (SELECT 1 FROM acts AS o WHERE o.customer_id = p.name)
    AND NOT EXISTS (SELECT 1 FROM photos AS o WHERE o.customer_id = p.name)
