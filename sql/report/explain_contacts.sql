-- Grain: one row. Contacts of one party in the window, and how many of them count for influence.
-- Reads: ties. Params: node.
SELECT count(*) AS contacts, count(CASE WHEN gated_because IS NULL THEN 1 END) AS contacts_counted
FROM ties
WHERE a = $node OR b = $node
