-- Grain: one row. Customers, those with an offer, of these those with an own-face ad, with an influencer-face ad, and
-- with both: who could enter the comparison. Reads: parties, choices, ads.
WITH offered AS (
    SELECT customer_id FROM choices WHERE offer_id IS NOT NULL
),

own AS (
    SELECT customer_id FROM ads WHERE arm = 'own_face'
),

influencer AS (
    SELECT customer_id FROM ads WHERE arm = 'influencer_face'
)

SELECT
    (SELECT count(*) FROM parties WHERE is_customer) AS customers,
    (SELECT count(*) FROM offered) AS offered,
    (SELECT count(*) FROM offered WHERE customer_id IN (SELECT customer_id FROM own)) AS own_face,
    (
        SELECT count(*) FROM offered
        WHERE customer_id IN (SELECT customer_id FROM own) AND customer_id IN (SELECT customer_id FROM influencer)
    ) AS both_faces
