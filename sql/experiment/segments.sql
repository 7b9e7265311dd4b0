-- Grain: customer, with what is known from before the experiment that an effect may differ by.
-- Reads customers, _ages_then (on the day of assignment), influencers, matches.
-- Params: definition (of the influential contact).
SELECT c.customer_id, c.residence,
       CASE
           WHEN g.age < 30 THEN 'under 30'
           WHEN g.age < 45 THEN '30 to 44'
           WHEN g.age < 60 THEN '45 to 59'
           WHEN g.age >= 60 THEN '60 and over'
       END AS age_band,
       i.centrality_pct AS influence, i.tie_share AS tie_strength, m.percentile AS similarity, t."rank"
FROM customers AS c
LEFT JOIN _ages_then AS g ON g.customer_id = c.customer_id
LEFT JOIN influencers AS i ON i.customer_id = c.customer_id AND i.definition = $definition AND i."rank" = 1
LEFT JOIN matches AS m ON m.customer_id = c.customer_id AND m.arm = 'own_face'
LEFT JOIN matches AS t ON t.customer_id = c.customer_id AND t.arm = 'influencer_face' AND t.status = 'matched'
ORDER BY c.customer_id
