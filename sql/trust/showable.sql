-- Ads that may be shown: their customer may get offers, the person whose face chose the photo may be shown, and the offer says
-- what it said. Grain: ad. Reads: ads, _standing, _offers_said, optouts.
-- Params: $unknown_offers, whether people of whom nothing is known may get an offer.
SELECT a.ad_id
FROM ads AS a
INNER JOIN _offers_said AS f ON f.offer_id = a.offer_id AND f.offer_version = a.offer_version
LEFT JOIN _standing AS c ON c.customer_id = a.customer_id
LEFT JOIN _standing AS s ON s.customer_id = a.subject_id
WHERE
    coalesce(c.offers, $unknown_offers AND a.customer_id NOT IN (SELECT o.customer_id FROM optouts AS o))
    AND CASE
        WHEN a.arm = 'own_face' THEN coalesce(a.subject_id = a.customer_id AND s.own_face, false)
        WHEN a.arm = 'influencer_face' THEN coalesce(s.likeness, false)
        ELSE true
    END
