-- What was to be shown to people who may get no offer, or after people who may not be shown. Grain: update.
-- Reads: _standing. Writes: face_choices. Params: $unknown_offers, whether people of whom nothing is known may get one.
UPDATE face_choices
SET
    arm = 'no_ad',
    subject_id = NULL,
    "rank" = NULL,
    photo_id = NULL,
    reason = 'no_longer_allowed',
    propensity = NULL,
    policy_id = NULL,
    arms = NULL
WHERE
    arm <> 'no_ad'
    AND (
        (
            customer_id NOT IN (SELECT s.customer_id FROM _standing AS s WHERE s.offers)
            AND (NOT $unknown_offers OR customer_id IN (SELECT s.customer_id FROM _standing AS s))
        )
        OR (arm = 'own_face' AND customer_id NOT IN (SELECT s.customer_id FROM _standing AS s WHERE s.own_face))
        OR (
            arm = 'influencer_face'
            AND (subject_id IS NULL OR subject_id NOT IN (SELECT s.customer_id FROM _standing AS s WHERE s.likeness))
        )
    )
