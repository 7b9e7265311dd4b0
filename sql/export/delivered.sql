-- Grain: one row per ad with the texts of its offer; ordered by customer and arm. Never names the contact.
-- Reads: ads, offers. Files are relative to the folder of the export.
SELECT a.ad_id, a.customer_id, a.arm, a.offer_id, a.photo_id,
       list_transform(a.files, lambda f: concat('creatives/', f)) AS files, a.alt_text,
       o.headline, o.body, o.call_to_action
FROM ads AS a
LEFT JOIN offers AS o ON o.offer_id = a.offer_id
ORDER BY a.customer_id, a.arm
