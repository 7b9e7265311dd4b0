-- Grain: one row per customer with a chosen offer, for the arm whose ads show no face; ordered by customer.
-- Reads: choices, _offers_said, _standing, optouts. Params: $campaign, part of the ad's id; $photo_id and $sha256 of the plain
-- ground; $unknown_offers, whether people of whom nothing is known may get an offer.
SELECT substr(sha256(concat_ws(chr(31), $campaign, c.customer_id, 'no_face', o.offer_id, o.offer_version, $photo_id)), 1, 16) AS ad_id,
       c.customer_id, 'no_face' AS arm, CAST(NULL AS VARCHAR) AS subject_id, $photo_id AS photo_id, $sha256 AS sha256,
       CAST(NULL AS VARCHAR) AS path, o.offer_id, o.offer_version
FROM choices AS c
JOIN _offers_said AS o ON o.offer_id = c.offer_id
LEFT JOIN _standing AS a ON a.customer_id = c.customer_id
WHERE c.customer_id NOT IN (SELECT customer_id FROM optouts) AND coalesce(a.offers, $unknown_offers)
ORDER BY c.customer_id
