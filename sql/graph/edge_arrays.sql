-- Grain: directed pair. Reads: edges. In no order: the arrays made of them are sorted by counting.
SELECT src, dst, strength
FROM edges
