-- Grain: one row per customer with an influencer. Reads influencers. Params: definition.
SELECT customer_id, contact_id
FROM influencers
WHERE definition = $definition AND "rank" = 1
ORDER BY customer_id
