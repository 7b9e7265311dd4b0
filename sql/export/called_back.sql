-- People who may be named in a list of what is called back though no other table tells of them. Grain: name.
-- Reads: deliveries, optouts.
SELECT customer_id AS name FROM deliveries WHERE customer_id IS NOT NULL
UNION
SELECT customer_id AS name FROM optouts
