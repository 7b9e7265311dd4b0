-- Grain: one row: people of a community, without those who opted out. Reads: nodes, parties. Params: community.
SELECT count(*) AS n
FROM nodes AS n
INNER JOIN parties AS p ON p.node = n.node
WHERE n.community = $community AND NOT p.opted_out
