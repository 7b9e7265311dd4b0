-- What was decided earlier, by what nobody may use any more: # stands for the offer of who may get none, for the photo and
-- the ad chosen after a face that may not be used, and for influence without consent to traffic data of both. Grain: update.
-- Reads: _standing. Writes: decisions. Params: $unknown_offers, whether people of whom nothing is known may get an offer;
-- $need_traffic, whether influence needs that consent.
WITH judged AS (
    SELECT
        d.customer_id,
        d.first_run,
        coalesce(c.offers, $unknown_offers) AS offers,
        CASE
            WHEN d.arm = 'own_face' THEN coalesce(c.own_face, false)
            WHEN d.arm = 'influencer_face' THEN coalesce(s.likeness, false)
            ELSE true
        END AS face,
        NOT $need_traffic OR (coalesce(c.traffic, false) AND coalesce(t.traffic, false)) AS influence
    FROM decisions AS d
    LEFT JOIN _standing AS c ON c.customer_id = d.customer_id
    LEFT JOIN _standing AS s ON s.customer_id = d.subject_id
    LEFT JOIN _standing AS t ON t.customer_id = d.contact_id
)

UPDATE decisions
SET
    contact_id = CASE WHEN j.influence OR decisions.contact_id IS NULL THEN decisions.contact_id ELSE '#' END,
    offer_id = CASE WHEN j.offers OR decisions.offer_id IS NULL THEN decisions.offer_id ELSE '#' END,
    subject_id = CASE WHEN (j.offers AND j.face) OR decisions.subject_id IS NULL THEN decisions.subject_id ELSE '#' END,
    photo_id = CASE WHEN (j.offers AND j.face) OR decisions.photo_id IS NULL THEN decisions.photo_id ELSE '#' END,
    ad = CASE WHEN (j.offers AND j.face) OR decisions.ad IS NULL THEN decisions.ad ELSE '#' END
FROM judged AS j
WHERE
    j.customer_id = decisions.customer_id
    AND j.first_run = decisions.first_run
    AND (
        (NOT j.influence AND decisions.contact_id <> '#')
        OR (NOT j.offers AND decisions.offer_id <> '#')
        OR (NOT (j.offers AND j.face) AND coalesce(decisions.subject_id, '#') || coalesce(decisions.photo_id, '#') || coalesce(decisions.ad, '#') <> '###')
    )
