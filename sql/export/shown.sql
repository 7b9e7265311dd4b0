-- Grain: one row per customer with a chosen offer and arm: its ad, or why there is none; ordered by customer and arm.
-- Reads: choices, offers, matches, face_choices, ads. Never names the contact, and tells nothing that finds the contact among
-- the others: neither how alike the contact is, nor why a contact's photo is missing, nor the contact's handset.
WITH variants AS (
    SELECT customer_id, arm, status, percentile, flag FROM matches
    UNION ALL
    SELECT customer_id, arm, 'matched', NULL, NULL FROM ads WHERE arm = 'no_face'
)

SELECT c.customer_id, c.offer_id, o.headline, regexp_replace(c.reason, '..mostly: .*$', '', 's') AS reason, c.expected_value, m.arm,
       CASE WHEN a.ad_id IS NOT NULL THEN 'shown' WHEN m.arm = 'influencer_face' THEN 'not_told'
            WHEN m.status <> 'matched' THEN m.status WHEN f.arm = m.arm THEN 'withheld' ELSE 'not_chosen' END AS status,
       CASE WHEN m.arm <> 'influencer_face' THEN m.percentile END AS percentile,
       CASE WHEN m.arm <> 'influencer_face' THEN m.flag END AS flag, a.files, a.alt_text
FROM choices AS c
JOIN offers AS o ON o.offer_id = c.offer_id
JOIN variants AS m ON m.customer_id = c.customer_id
LEFT JOIN ads AS a ON a.customer_id = m.customer_id AND a.arm = m.arm
LEFT JOIN face_choices AS f ON f.customer_id = c.customer_id
ORDER BY c.customer_id, m.arm
