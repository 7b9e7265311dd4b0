-- The contacts whose face a customer may be shown. Grain: customer and contact. Reads: influencers.
-- Params: $definition; $ranks, how many of the first contacts; $share of the first one's score that a later one has.
SELECT i.customer_id, i.contact_id, i."rank"
FROM influencers AS i
INNER JOIN influencers AS f ON f.customer_id = i.customer_id AND f.definition = i.definition AND f."rank" = 1
WHERE i.definition = $definition AND i."rank" <= $ranks AND (i."rank" = 1 OR i.score >= $share * f.score)
ORDER BY i.customer_id, i."rank"
