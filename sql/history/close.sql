-- What is decided otherwise by now, or for nobody any more, held until the last run. Grain: update.
-- Reads: decisions, _now (see history/now). Writes: decisions. Params: $last, the run before.
UPDATE decisions
SET last_run = $last
WHERE
    last_run IS NULL
    AND NOT EXISTS (
        SELECT 1
        FROM _now AS n
        WHERE
            n.customer_id = decisions.customer_id
            AND n.contact_id IS NOT DISTINCT FROM decisions.contact_id
            AND n.offer_id IS NOT DISTINCT FROM decisions.offer_id
            AND n.arm IS NOT DISTINCT FROM decisions.arm
            AND n.subject_id IS NOT DISTINCT FROM decisions.subject_id
            AND n.photo_id IS NOT DISTINCT FROM decisions.photo_id
            AND n.ad IS NOT DISTINCT FROM decisions.ad
    )
