-- Grain: unordered pair whose tie counts for influence. Reads: ties. In no order, as edge_arrays.
SELECT a, b, weight
FROM ties
WHERE gated_because IS NULL
