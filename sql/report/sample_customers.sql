-- Grain: customer in the sample for stability: the `limit` first by a hash of id and seed, among those with a first
-- rank by `definition`. Reads: influencers, parties. Params: definition, seed, limit.
SELECT p.node, c.node AS contact_node
FROM influencers AS i
INNER JOIN parties AS p ON p.party_id = i.customer_id
INNER JOIN parties AS c ON c.party_id = i.contact_id
WHERE i.definition = $definition AND i.rank = 1
ORDER BY md5(concat(CAST($seed AS VARCHAR), ':', i.customer_id)), i.customer_id
LIMIT $limit
