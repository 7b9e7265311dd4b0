-- Whom each ad addresses and whose face chose its photo. Grain: ad. Reads: ads, matches, optouts.
-- in_business is false where either of them opted out.
SELECT
    a.ad_id,
    a.customer_id,
    a.arm,
    m.subject_id,
    a.customer_id NOT IN (SELECT o.customer_id FROM optouts AS o)
    AND coalesce(m.subject_id NOT IN (SELECT o.customer_id FROM optouts AS o), true) AS in_business
FROM ads AS a
LEFT JOIN matches AS m ON a.customer_id = m.customer_id AND a.arm = m.arm
ORDER BY a.ad_id
