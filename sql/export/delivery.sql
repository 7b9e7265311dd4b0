-- Grain: one row per customer whose decided ad may be shown and whose offer is valid on a day; ordered by customer.
-- Names no contact. Reads: ads, face_choices, offers, _showable. Params: $as_of, the day. The caller adds the texts.
SELECT a.customer_id, f.experiment_id, a.arm, f."rank", f.reason, f.propensity, a.ad_id, a.offer_id, a.alt_text,
       list_transform(a.files, lambda f: concat('creatives/', f)) AS files
FROM ads AS a
JOIN face_choices AS f
    ON f.customer_id = a.customer_id AND f.arm = a.arm AND f.subject_id IS NOT DISTINCT FROM a.subject_id
JOIN offers AS o ON o.offer_id = a.offer_id
WHERE (o.valid_from IS NULL OR o.valid_from <= CAST($as_of AS DATE))
  AND (o.valid_to IS NULL OR o.valid_to >= CAST($as_of AS DATE))
  AND a.ad_id IN (SELECT s.ad_id FROM _showable AS s)
ORDER BY a.customer_id
