-- Grain: one row per customer with a chosen offer, arm and matched campaign photo; ordered by customer and arm.
-- Reads: matches, choices, inventory, _offers_said, _standing, optouts. Params: $campaign and $salt, parts of the ad's id (32 secret bytes:
-- the id must not tell the contact to whoever tries all of them); $unknown_offers,
-- whether people of whom nothing is known may get an offer.
-- The customer may get offers, and the person whose face chose the photo may be shown.
SELECT substr(sha256(concat_ws(
           chr(31), $campaign, m.customer_id, m.arm, o.offer_id, o.offer_version, m.photo_id,
           CASE WHEN m.arm = 'influencer_face' THEN sha256($salt::BLOB || encode(m.subject_id)) END
       )), 1, 16) AS ad_id,
       m.customer_id, m.arm, m.subject_id, m.photo_id, i.sha256, i.path, o.offer_id, o.offer_version
FROM matches AS m
JOIN choices AS c ON c.customer_id = m.customer_id
JOIN _offers_said AS o ON o.offer_id = c.offer_id
JOIN inventory AS i ON i.photo_id = m.photo_id
LEFT JOIN _standing AS a ON a.customer_id = m.customer_id
LEFT JOIN _standing AS s ON s.customer_id = m.subject_id
WHERE m.status = 'matched'
  AND m.customer_id NOT IN (SELECT customer_id FROM optouts)
  AND coalesce(a.offers, $unknown_offers)
  AND CASE
      WHEN m.arm = 'own_face' THEN coalesce(s.own_face, false)
      WHEN m.arm = 'influencer_face' THEN coalesce(s.likeness, false)
      ELSE true
  END
ORDER BY m.customer_id, m.arm
