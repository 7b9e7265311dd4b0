-- Grain: one row per customer with a chosen offer and arm: its ad, or why there is none; ordered by customer and arm.
-- Reads: choices, offers, matches, ads. Never names the contact, and tells nothing that finds the contact among the
-- others: neither how alike the contact is, nor why a contact's photo is missing, nor the contact's handset.
SELECT c.customer_id, c.offer_id, o.headline, regexp_replace(c.reason, '..mostly: .*$', '', 's') AS reason, c.expected_value, m.arm,
       CASE WHEN a.ad_id IS NOT NULL THEN 'shown' WHEN m.arm = 'influencer_face' THEN 'not_told'
            WHEN m.status = 'matched' THEN 'withheld' ELSE m.status END AS status,
       CASE WHEN m.arm <> 'influencer_face' THEN m.percentile END AS percentile,
       CASE WHEN m.arm <> 'influencer_face' THEN m.flag END AS flag, a.files, a.alt_text
FROM choices AS c
JOIN offers AS o ON o.offer_id = c.offer_id
JOIN matches AS m ON m.customer_id = c.customer_id
LEFT JOIN ads AS a ON a.customer_id = m.customer_id AND a.arm = m.arm
ORDER BY c.customer_id, m.arm
