-- Ads handed out earlier that are not among the ads any more, and why. Grain: ad. Reads: deliveries, ads, optouts, _standing.
-- Files are those that no ad that stands shows: an ad's creatives are named by what is on them, and others may share them.
-- Params: $unknown_offers, whether people of whom nothing is known may get an offer.
WITH gone AS (
    SELECT * FROM deliveries WHERE ad_id NOT IN (SELECT a.ad_id FROM ads AS a)
),

shown AS (
    SELECT DISTINCT a.file FROM (SELECT unnest(files) AS file FROM ads) AS a
),

needless AS (
    SELECT g.ad_id, list(concat('creatives/', g.file) ORDER BY g.place) AS files
    FROM (SELECT ad_id, unnest(files) AS file, generate_subscripts(files, 1) AS place FROM gone) AS g
    LEFT JOIN shown AS s ON s.file = g.file
    WHERE s.file IS NULL
    GROUP BY g.ad_id
)

SELECT
    d.customer_id,
    d.ad_id,
    d.arm,
    coalesce(n.files, []) AS files,
    CASE
        WHEN d.erased THEN 'erased'
        WHEN d.customer_id IN (SELECT o.customer_id FROM optouts AS o) THEN 'opted_out'
        WHEN d.subject_id IN (SELECT o.customer_id FROM optouts AS o) THEN 'opted_out'
        WHEN NOT coalesce(c.offers, $unknown_offers) THEN 'no_consent'
        WHEN d.arm = 'own_face' AND NOT coalesce(c.own_face, false) THEN 'no_consent'
        WHEN d.arm = 'influencer_face' AND NOT coalesce(s.likeness, false) THEN 'no_consent'
        ELSE 'replaced'
    END AS because
FROM gone AS d
LEFT JOIN needless AS n ON n.ad_id = d.ad_id
LEFT JOIN _standing AS c ON c.customer_id = d.customer_id
LEFT JOIN _standing AS s ON s.customer_id = d.subject_id
ORDER BY d.ad_id
