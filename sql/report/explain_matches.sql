-- Grain: arm for one customer: the inventory photo matched, and the ad made of it.
-- minor: whose age is why, now; null where everybody is an adult by now. Reads: matches, ads, _standing.
-- Params: customer_id, unknown_is_adult.
SELECT
    m.arm,
    m.status,
    m.subject_id,
    m.photo_id,
    m.percentile,
    m.flag,
    a.offer_id,
    a.alt_text,
    a.files,
    CASE
        WHEN m.status <> 'minor' THEN NULL
        WHEN c.age IS NULL AND NOT $unknown_is_adult THEN 'the age of the customer is not known'
        WHEN NOT c.adult THEN 'the customer is under 18'
        WHEN m.arm <> 'influencer_face' THEN NULL
        WHEN s.age IS NULL AND NOT $unknown_is_adult THEN 'the age of the contact is not known'
        WHEN NOT s.adult THEN 'the contact is under 18'
    END AS minor
FROM matches AS m
LEFT JOIN ads AS a ON a.customer_id = m.customer_id AND a.arm = m.arm
LEFT JOIN _standing AS c ON c.customer_id = m.customer_id
LEFT JOIN _standing AS s ON s.customer_id = m.subject_id
WHERE m.customer_id = $customer_id
ORDER BY m.arm
