-- Everybody by name. Grain: name. Reads: every table that names customers.
SELECT party_id AS name FROM parties
UNION
SELECT customer_id AS name FROM customers
UNION
SELECT customer_id AS name FROM treatments
UNION
SELECT customer_id AS name FROM acts
UNION
SELECT customer_id AS name FROM photos
UNION
SELECT customer_id AS name FROM consents
UNION
SELECT customer_id AS name FROM assignments
UNION
SELECT customer_id AS name FROM exposures
UNION
SELECT customer_id AS name FROM outcomes
