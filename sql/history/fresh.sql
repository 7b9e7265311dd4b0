-- What a run decided otherwise than the one before. Grain: customer. Reads: _now (see history/now), decisions.
-- Params: $number, of the run.
SELECT
    n.customer_id,
    CAST($number AS INTEGER) AS first_run,
    CAST(NULL AS INTEGER) AS last_run,
    n.contact_id,
    n.offer_id,
    n.arm,
    n.subject_id,
    n.photo_id,
    n.ad
FROM _now AS n
WHERE n.customer_id NOT IN (SELECT d.customer_id FROM decisions AS d WHERE d.last_run IS NULL)
ORDER BY n.customer_id
