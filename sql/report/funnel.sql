-- Grain: one row. Customers, those with an offer, of these those who can be shown their own face, the contact's, and both:
-- who could enter the comparison. Reads: parties, choices, matches.
WITH offered AS (
    SELECT customer_id FROM choices WHERE offer_id IS NOT NULL
),

own AS (
    SELECT customer_id FROM matches WHERE arm = 'own_face' AND status = 'matched'
),

influencer AS (
    SELECT customer_id FROM matches WHERE arm = 'influencer_face' AND status = 'matched'
)

SELECT
    (SELECT count(*) FROM parties WHERE is_customer) AS customers,
    (SELECT count(*) FROM offered) AS offered,
    (SELECT count(*) FROM offered WHERE customer_id IN (SELECT customer_id FROM own)) AS own_face,
    (
        SELECT count(*) FROM offered
        WHERE customer_id IN (SELECT customer_id FROM own) AND customer_id IN (SELECT customer_id FROM influencer)
    ) AS both_faces
