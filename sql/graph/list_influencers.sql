-- Grain: customer x definition x rank. Reads: influencers.
-- Parameters: $definition (null = all), $top (last rank, null = all).
SELECT *
FROM influencers
WHERE (CAST($definition AS VARCHAR) IS NULL OR definition = CAST($definition AS VARCHAR))
  AND (CAST($top AS BIGINT) IS NULL OR rank <= CAST($top AS BIGINT))
ORDER BY customer_id, definition, rank
