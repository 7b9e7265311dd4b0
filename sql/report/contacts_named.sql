-- What the delivered photos tell: whoever names, for each influencer-face ad, one of the customers whose own-face ad
-- shows the same photo. Grain: one row. Reads: ads, matches.
-- named: share of the ads whose contact is named; chance: share with the same names dealt to the ads at random.
WITH shown AS (
    SELECT a.arm, a.customer_id, a.photo_id, m.subject_id
    FROM ads AS a
    JOIN matches AS m ON m.customer_id = a.customer_id AND m.arm = a.arm
),

own AS (
    SELECT photo_id, customer_id, CAST(1 AS DOUBLE) / count(*) OVER (PARTITION BY photo_id) AS guess
    FROM shown
    WHERE arm = 'own_face'
),

theirs AS (SELECT photo_id, subject_id FROM shown WHERE arm = 'influencer_face'),

asked AS (SELECT subject_id, CAST(count(*) AS DOUBLE) AS ads FROM theirs GROUP BY subject_id)

SELECT
    count(*) AS ads,
    count(DISTINCT t.subject_id) AS contacts,
    avg(coalesce((SELECT o.guess FROM own AS o WHERE o.photo_id = t.photo_id AND o.customer_id = t.subject_id), 0))
    AS named,
    avg(coalesce((
        SELECT sum(o.guess * s.ads) FROM own AS o JOIN asked AS s ON s.subject_id = o.customer_id
        WHERE o.photo_id = t.photo_id
    ), 0)) / count(*) AS chance
FROM theirs AS t
