-- Ads that no export has handed out yet. Grain: ad. Reads: ads, deliveries.
SELECT a.ad_id, a.customer_id, a.arm, a.files, m.subject_id, false AS erased
FROM ads AS a
LEFT JOIN matches AS m ON a.customer_id = m.customer_id AND a.arm = m.arm
WHERE a.ad_id NOT IN (SELECT d.ad_id FROM deliveries AS d)
ORDER BY a.ad_id
