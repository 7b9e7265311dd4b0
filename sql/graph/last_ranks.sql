-- Grain: party with a PageRank in the last run. Reads: nodes.
SELECT node, pagerank
FROM nodes
WHERE pagerank IS NOT NULL
ORDER BY node
