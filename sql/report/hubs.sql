-- Grain: hub, the largest `limit` of them. Reads: hubs, parties. Params: limit.
SELECT p.party_id, p.is_customer, h.contacts, h.mutual_share, h.reason
FROM hubs AS h
INNER JOIN parties AS p ON p.node = h.node
ORDER BY h.contacts DESC, p.party_id
LIMIT $limit
