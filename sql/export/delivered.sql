-- Grain: one row per ad; ordered by customer and arm. Never names the contact.
-- Reads: ads. Files are relative to the folder of the export.
SELECT a.ad_id, a.customer_id, a.arm, a.offer_id, a.photo_id,
       list_transform(a.files, lambda f: concat('creatives/', f)) AS files, a.alt_text,
       a.enlarged
FROM ads AS a
ORDER BY a.customer_id, a.arm
