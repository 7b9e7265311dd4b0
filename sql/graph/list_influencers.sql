-- Grain: customer x definition x rank. Reads: influencers. Params: top (last rank, null = all).
SELECT *
FROM influencers
WHERE CAST($top AS BIGINT) IS NULL OR rank <= CAST($top AS BIGINT)
ORDER BY customer_id, definition, rank
