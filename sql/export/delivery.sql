-- Grain: one row per ad whose offer is valid on a day; ordered by customer and arm.
-- Reads: ads, offers, matches, optouts. Params: $as_of, the day.
-- The caller asks for consent, adds the texts and drops subject_id (the contact).
SELECT a.customer_id, a.arm, a.ad_id, a.offer_id, a.alt_text,
       list_transform(a.files, lambda f: concat('creatives/', f)) AS files, m.subject_id
FROM ads AS a
JOIN offers AS o ON o.offer_id = a.offer_id
LEFT JOIN matches AS m ON m.customer_id = a.customer_id AND m.arm = a.arm
WHERE (o.valid_from IS NULL OR o.valid_from <= CAST($as_of AS DATE))
  AND (o.valid_to IS NULL OR o.valid_to >= CAST($as_of AS DATE))
  AND a.customer_id NOT IN (SELECT customer_id FROM optouts)
  AND (m.subject_id IS NULL OR m.subject_id NOT IN (SELECT customer_id FROM optouts))
ORDER BY a.customer_id, a.arm
