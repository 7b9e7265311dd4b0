-- Grain: customer. Whom lists show and segments are cut out of. What further tables say of them is added column by column
-- (people_*.sql): one join at a time needs the least memory. Reads: parties, nodes, _ages.
SELECT p.party_id AS customer_id, coalesce(a.age_band, 'not known') AS age_band, n.community
FROM parties AS p
LEFT JOIN nodes AS n ON n.node = p.node
LEFT JOIN _ages AS a ON a.customer_id = p.party_id
WHERE p.is_customer
