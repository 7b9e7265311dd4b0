-- Grain: customer who has not opted out, with what decides whether every arm can be shown to them.
-- Reads customers, optouts, choices, matches, _standing. An arm's status is null where no match was looked for.
SELECT c.customer_id,
       a.adult,
       ch.offer_id IS NOT NULL AS offered,
       a.offers AS offers_consent,
       a.own_face AS own_consent,
       coalesce(s.likeness, false) AS subject_consent,
       own.status AS own_face,
       near.status AS influencer_face,
       other.status AS random_face
FROM customers AS c
JOIN _standing AS a ON a.customer_id = c.customer_id
LEFT JOIN choices AS ch ON ch.customer_id = c.customer_id
LEFT JOIN matches AS own ON own.customer_id = c.customer_id AND own.arm = 'own_face'
LEFT JOIN matches AS near ON near.customer_id = c.customer_id AND near.arm = 'influencer_face'
LEFT JOIN matches AS other ON other.customer_id = c.customer_id AND other.arm = 'random_face'
LEFT JOIN _standing AS s ON s.customer_id = near.subject_id
ORDER BY c.customer_id
