-- Grain: arm for one customer: the inventory photo matched, and the ad made of it.
-- Reads: matches, ads. Params: customer_id.
SELECT m.arm, m.status, m.subject_id, m.photo_id, m.percentile, m.flag, a.offer_id, a.alt_text, a.files
FROM matches AS m
LEFT JOIN ads AS a ON a.customer_id = m.customer_id AND a.arm = m.arm
WHERE m.customer_id = $customer_id
ORDER BY m.arm
