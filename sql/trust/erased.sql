-- The people to forget, with their nodes where they have some.
-- Grain: person. Reads: parties. Params: $names, names inside the workspace.
SELECT n.name, p.node
FROM (SELECT unnest($names::VARCHAR[]) AS name) AS n
LEFT JOIN parties AS p ON n.name = p.party_id
