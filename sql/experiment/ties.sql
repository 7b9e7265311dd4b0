-- Grain: unordered pair of customers whose tie counts, by their ids. Reads ties, parties.
SELECT pa.party_id AS a, pb.party_id AS b, t.weight
FROM ties AS t
INNER JOIN parties AS pa ON pa.node = t.a
INNER JOIN parties AS pb ON pb.node = t.b
WHERE t.gated_because IS NULL AND pa.is_customer AND pb.is_customer
ORDER BY a, b
