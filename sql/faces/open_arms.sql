-- What may be shown to whom now: the customer has an offer and may get it, and the person whose face chose the photo may be
-- shown. Grain: customer and arm. Reads: matches, choices, _standing, optouts.
-- Params: $unknown_offers, whether people of whom nothing is known may get an offer.
WITH offered AS (
    SELECT c.customer_id
    FROM choices AS c
    LEFT JOIN _standing AS a ON a.customer_id = c.customer_id
    WHERE
        c.offer_id IS NOT NULL
        AND c.customer_id NOT IN (SELECT o.customer_id FROM optouts AS o)
        AND coalesce(a.offers, $unknown_offers)
)

SELECT m.customer_id, m.arm, m.subject_id, m."rank", m.photo_id
FROM matches AS m
INNER JOIN offered AS f ON f.customer_id = m.customer_id
LEFT JOIN _standing AS s ON s.customer_id = m.subject_id
WHERE
    m.status = 'matched'
    AND CASE
        WHEN m.arm = 'own_face' THEN coalesce(s.own_face, false)
        WHEN m.arm = 'influencer_face' THEN coalesce(s.likeness, false)
        ELSE true
    END
UNION ALL
SELECT
    customer_id,
    'no_face' AS arm,
    CAST(NULL AS VARCHAR) AS subject_id,
    CAST(NULL AS INTEGER) AS "rank",
    CAST(NULL AS VARCHAR) AS photo_id
FROM offered
