-- Ads handed out earlier that are not among today's ads. Grain: ad. Reads: deliveries, ads, optouts.
SELECT
    d.ad_id,
    d.customer_id,
    d.arm,
    d.subject_id,
    list_transform(d.files, lambda f: concat('creatives/', f)) AS files,
    d.erased,
    coalesce(d.customer_id NOT IN (SELECT o.customer_id FROM optouts AS o), true)
    AND coalesce(d.subject_id NOT IN (SELECT o.customer_id FROM optouts AS o), true) AS in_business
FROM deliveries AS d
WHERE d.erased OR d.ad_id NOT IN (SELECT a.ad_id FROM ads AS a)
ORDER BY d.ad_id
