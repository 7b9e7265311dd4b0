-- Grain: one row per customer and arm: scores and reasons from choice, influencer and match; ordered by customer and arm.
-- Reads: matches, choices, uplift, influencers, face_choices, ads. Params: $definition, of the influencer the ads use.
SELECT m.customer_id, m.arm, c.offer_id, c.expected_value, c.reason, u.uplift, u.model_id,
       i.contact_id, i.definition, i.score, i.tie_share, i.centrality_pct, i.margin,
       m.photo_id, m.similarity, m.percentile, m.flag, m.status, f.arm = m.arm AS chosen, a.ad_id
FROM matches AS m
LEFT JOIN choices AS c ON c.customer_id = m.customer_id
LEFT JOIN uplift AS u ON u.customer_id = m.customer_id AND u.offer_id = c.offer_id
LEFT JOIN influencers AS i ON i.customer_id = m.customer_id AND i.definition = $definition AND i."rank" = coalesce(m."rank", 1)
LEFT JOIN face_choices AS f ON f.customer_id = m.customer_id
LEFT JOIN ads AS a ON a.customer_id = m.customer_id AND a.arm = m.arm
ORDER BY m.customer_id, m.arm
