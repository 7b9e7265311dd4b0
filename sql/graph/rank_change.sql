-- Grain: one row. How much the last step of PageRank moved, in shares of the whole. Reads: ranks.
SELECT coalesce(sum(abs(value - before)) / sum(value), 0.0) AS change
FROM ranks
