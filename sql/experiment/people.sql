-- Grain: customer, with what decides whether every arm can be shown to them.
-- Reads customers, optouts, choices, matches. An arm's status is null where no match was looked for.
SELECT c.customer_id,
       o.customer_id IS NOT NULL AS opted_out,
       ch.offer_id IS NOT NULL AS offered,
       own.status AS own_face,
       near.status AS influencer_face,
       other.status AS random_face,
       near.subject_id AS subject_id
FROM customers AS c
LEFT JOIN optouts AS o ON o.customer_id = c.customer_id
LEFT JOIN choices AS ch ON ch.customer_id = c.customer_id
LEFT JOIN matches AS own ON own.customer_id = c.customer_id AND own.arm = 'own_face'
LEFT JOIN matches AS near ON near.customer_id = c.customer_id AND near.arm = 'influencer_face'
LEFT JOIN matches AS other ON other.customer_id = c.customer_id AND other.arm = 'random_face'
ORDER BY c.customer_id
