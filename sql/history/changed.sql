-- What two runs decided otherwise: influencer, offer, face and ad of customers of both. Grain: kind and customer.
-- Reads: decisions. Params: $before and $after, the runs' numbers. Null = none.
WITH was AS (
    SELECT * FROM decisions WHERE first_run <= $before AND coalesce(last_run, $before) >= $before
),

"is" AS (
    SELECT * FROM decisions WHERE first_run <= $after AND coalesce(last_run, $after) >= $after
),

face AS (
    SELECT
        w.customer_id,
        w.contact_id AS old_contact,
        i.contact_id AS new_contact,
        w.offer_id AS old_offer,
        i.offer_id AS new_offer,
        CASE WHEN w.arm <> 'no_ad' THEN concat_ws(' ', w.arm, w.photo_id) END AS old_face,
        CASE WHEN i.arm <> 'no_ad' THEN concat_ws(' ', i.arm, i.photo_id) END AS new_face,
        w.ad AS old_ad,
        i.ad AS new_ad
    FROM was AS w
    JOIN "is" AS i ON i.customer_id = w.customer_id
    WHERE w.first_run <> i.first_run
)

SELECT 'influencer' AS kind, customer_id, old_contact AS before, new_contact AS after
FROM face
WHERE old_contact IS DISTINCT FROM new_contact
UNION ALL
SELECT 'offer' AS kind, customer_id, old_offer AS before, new_offer AS after
FROM face
WHERE old_offer IS DISTINCT FROM new_offer
UNION ALL
SELECT 'face' AS kind, customer_id, old_face AS before, new_face AS after
FROM face
WHERE old_face IS DISTINCT FROM new_face
UNION ALL
SELECT 'ad' AS kind, customer_id, old_ad AS before, new_ad AS after
FROM face
WHERE old_ad IS DISTINCT FROM new_ad
