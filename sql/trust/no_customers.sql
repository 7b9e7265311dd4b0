-- How many people are no customers.
-- Grain: one row. Reads: _people (name), customers.
SELECT count(*)::BIGINT AS n FROM _people AS p WHERE p.name NOT IN (SELECT c.customer_id FROM customers AS c)
