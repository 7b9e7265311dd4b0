-- Grain: ungated tie between any two of some parties. Reads: ties. Params: nodes (list).
SELECT a, b, weight
FROM ties
WHERE gated_because IS NULL AND list_contains($nodes, a) AND list_contains($nodes, b)
ORDER BY a, b
