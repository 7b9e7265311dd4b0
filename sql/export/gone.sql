-- Ads handed out earlier that are not among the ads any more, and why. Grain: ad. Reads: deliveries, ads, optouts, _standing.
-- Params: $unknown_offers, whether people of whom nothing is known may get an offer.
SELECT
    d.ad_id,
    d.arm,
    list_transform(d.files, lambda f: concat('creatives/', f)) AS files,
    CASE
        WHEN d.erased THEN 'erased'
        WHEN d.customer_id IN (SELECT o.customer_id FROM optouts AS o) THEN 'opted_out'
        WHEN d.subject_id IN (SELECT o.customer_id FROM optouts AS o) THEN 'opted_out'
        WHEN NOT coalesce(c.offers, $unknown_offers) THEN 'no_consent'
        WHEN d.arm = 'own_face' AND NOT coalesce(c.own_face, false) THEN 'no_consent'
        WHEN d.arm = 'influencer_face' AND NOT coalesce(s.likeness, false) THEN 'no_consent'
        ELSE 'replaced'
    END AS because
FROM deliveries AS d
LEFT JOIN _standing AS c ON c.customer_id = d.customer_id
LEFT JOIN _standing AS s ON s.customer_id = d.subject_id
WHERE d.ad_id NOT IN (SELECT a.ad_id FROM ads AS a)
ORDER BY d.ad_id
