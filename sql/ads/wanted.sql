-- Grain: one row per customer with a chosen offer, arm and matched campaign photo; ordered by customer and arm.
-- Reads: matches, choices, offers, inventory, optouts. Params: $campaign, part of the ad's id.
-- Whoever opted out gets no ad, and is nobody's influencer in one.
SELECT substr(sha256(concat_ws(chr(31), $campaign, m.customer_id, m.arm, o.offer_id, m.photo_id)), 1, 16) AS ad_id,
       m.customer_id, m.arm, m.subject_id, m.photo_id, i.sha256, i.path, o.offer_id
FROM matches AS m
JOIN choices AS c ON c.customer_id = m.customer_id
JOIN offers AS o ON o.offer_id = c.offer_id
JOIN inventory AS i ON i.photo_id = m.photo_id
WHERE m.status = 'matched'
  AND m.customer_id NOT IN (SELECT customer_id FROM optouts)
  AND (m.subject_id IS NULL OR m.subject_id NOT IN (SELECT customer_id FROM optouts))
ORDER BY m.customer_id, m.arm
