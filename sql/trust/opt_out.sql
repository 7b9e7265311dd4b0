-- People who are not to come back. Grain: person. Writes: optouts. Params: $names, $since.
INSERT INTO optouts (customer_id, since)
SELECT n.name, $since::TIMESTAMP
FROM (SELECT unnest($names::VARCHAR[]) AS name) AS n
ORDER BY n.name
