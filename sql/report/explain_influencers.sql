-- Grain: definition x rank for one customer. Reads: influencers. Params: customer_id.
SELECT definition, rank, contact_id, score, tie_share, centrality_pct, margin
FROM influencers
WHERE customer_id = $customer_id
ORDER BY definition, rank
