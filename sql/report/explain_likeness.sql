-- Grain: matched arm of one customer x photo to look at beside the ad: the model's, and usable ones of the person whom it
-- is like, as long as that person is an adult who agrees to it. Reads: matches, inventory, photos, faces, _standing.
-- Params: customer_id.
SELECT m.arm, 'model' AS whose, i.path, i.photo_id AS photo
FROM matches AS m
INNER JOIN inventory AS i ON i.photo_id = m.photo_id
WHERE m.customer_id = $customer_id AND m.status = 'matched'
UNION ALL
SELECT m.arm, CASE m.arm WHEN 'own_face' THEN 'customer' ELSE 'contact' END AS whose, p.path, p.sha256 AS photo
FROM matches AS m
INNER JOIN photos AS p ON p.customer_id = m.subject_id
INNER JOIN _standing AS s ON s.customer_id = m.subject_id
WHERE m.customer_id = $customer_id
  AND m.status = 'matched'
  AND CASE m.arm WHEN 'own_face' THEN s.own_face WHEN 'influencer_face' THEN s.likeness ELSE false END
  AND p.sha256 IN (SELECT f.sha256 FROM faces AS f WHERE f.status = 'ok')
ORDER BY arm, whose, photo
