-- Ads that no export has handed out yet, or only to whom was erased and came back. Grain: ad. Reads: ads, deliveries.
SELECT a.ad_id, a.customer_id, a.arm, a.files, a.subject_id, false AS erased
FROM ads AS a
WHERE a.ad_id NOT IN (SELECT d.ad_id FROM deliveries AS d WHERE NOT d.erased)
ORDER BY a.ad_id
