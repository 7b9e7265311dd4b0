-- Grain: customer. Whom lists show and segments are cut out of, each with the community. What other tables say of them
-- is added column by column (people_*.sql): one join at a time needs the least memory. Reads: parties, nodes.
SELECT p.party_id AS customer_id, n.community
FROM parties AS p
LEFT JOIN nodes AS n ON n.node = p.node
WHERE p.is_customer
