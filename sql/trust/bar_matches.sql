-- Photos matched for people who may not be shown one, or after people who may not be shown. Grain: update.
-- Reads: _standing. Writes: matches. Params: $unknown_is_adult, what people of whom nothing is known are.
UPDATE matches
SET
    photo_id = NULL,
    similarity = NULL,
    percentile = NULL,
    flag = NULL,
    status = CASE
        WHEN customer_id IN (SELECT s.customer_id FROM _standing AS s WHERE NOT s.adult) THEN 'minor'
        ELSE 'no_consent'
    END
WHERE
    photo_id IS NOT NULL
    AND (
        customer_id IN (SELECT s.customer_id FROM _standing AS s WHERE NOT s.adult)
        OR (NOT $unknown_is_adult AND customer_id NOT IN (SELECT s.customer_id FROM _standing AS s))
        OR (arm = 'own_face' AND customer_id NOT IN (SELECT s.customer_id FROM _standing AS s WHERE s.own_face))
        OR (
            arm = 'influencer_face'
            AND (
                subject_id IS NULL
                OR subject_id NOT IN (SELECT s.customer_id FROM _standing AS s WHERE s.likeness)
            )
        )
    )
