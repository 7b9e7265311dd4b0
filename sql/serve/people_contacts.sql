-- Grain: customer with an influencer. The first of them. Reads: influencers. Params: definition.
SELECT customer_id, contact_id, tie_share
FROM influencers
WHERE definition = $definition AND rank = 1
