-- Grain: directed pair. Reads: edges. As edge_arrays, with the calls that `most_called` needs.
SELECT src, dst, strength, n_calls
FROM edges
