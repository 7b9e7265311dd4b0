-- One row: customers with an offer, and those of them who can be shown an influencer's face. Reads choices, matches.
SELECT
    count(*) AS customers,
    count(*) FILTER (WHERE m.status = 'matched') AS shown
FROM choices AS c
LEFT JOIN matches AS m ON m.customer_id = c.customer_id AND m.arm = 'influencer_face'
WHERE c.offer_id IS NOT NULL
