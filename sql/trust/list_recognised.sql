-- Those on the list of objections who are back by name opt out again. Grain: person. Reads: _recognised, optouts. Writes: optouts.
INSERT INTO optouts (customer_id, since)
SELECT r.name AS customer_id, r."at" AS since
FROM _recognised AS r
WHERE r.purpose = 'all' AND r.name NOT IN (SELECT o.customer_id FROM optouts AS o)
ORDER BY r.name
