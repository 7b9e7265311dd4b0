-- Grain: one row per customer with a chosen offer and arm whose ad is to be there; ordered by customer and arm.
-- Reads: _open_arms, face_choices, choices, inventory, _offers_said. Params: $campaign and $salt, parts of the ad's id (32
-- secret bytes: the id must not tell the contact to whoever tries all of them); $arms, those that may be shown; $every_arm,
-- whether an ad is there for each of them or for the decided one alone; $ground, the sha256 of what stands for a photo
-- where no face is shown.
SELECT substr(sha256(concat_ws(
           chr(31), $campaign, m.customer_id, m.arm, o.offer_id, o.offer_version, coalesce(m.photo_id, m.arm),
           CASE WHEN m.arm = 'influencer_face' THEN sha256($salt::BLOB || encode(m.subject_id)) END
       )), 1, 16) AS ad_id,
       m.customer_id, m.arm, m.subject_id, coalesce(m.photo_id, m.arm) AS photo_id, coalesce(i.sha256, $ground) AS sha256,
       i.path, o.offer_id, o.offer_version
FROM _open_arms AS m
JOIN choices AS c ON c.customer_id = m.customer_id
JOIN _offers_said AS o ON o.offer_id = c.offer_id
LEFT JOIN inventory AS i ON i.photo_id = m.photo_id
LEFT JOIN face_choices AS f ON f.customer_id = m.customer_id AND f.arm = m.arm
WHERE list_contains($arms, m.arm) AND ($every_arm OR f.arm IS NOT NULL) AND (i.path IS NOT NULL OR m.photo_id IS NULL)
ORDER BY m.customer_id, m.arm
