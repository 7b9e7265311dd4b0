-- Each offer with what past campaigns tell of it; and each offer that only past campaigns know.
-- Grain: offer. Reads: offers, treatments.
WITH sent AS (
    SELECT offer_id, count(*) AS n, count(CASE WHEN accepted THEN 1 END) AS accepted
    FROM treatments
    WHERE offer_id IS NOT NULL
    GROUP BY offer_id
)

SELECT
    coalesce(o.offer_id, s.offer_id) AS offer_id,
    o.offer_id IS NOT NULL AS known,
    o.valid_to,
    coalesce(s.n, 0)::BIGINT AS sent,
    coalesce(s.accepted, 0)::BIGINT AS accepted
FROM offers AS o
FULL OUTER JOIN sent AS s ON o.offer_id = s.offer_id
ORDER BY coalesce(o.offer_id, s.offer_id)
