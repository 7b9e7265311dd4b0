-- Consents that were withdrawn are withdrawn again. Grain: subject and purpose. Reads: _recognised, consents. Writes: consents.
INSERT INTO consents (customer_id, purpose, granted_at, expires_at, withdrawn_at)
SELECT
    r.name AS customer_id,
    r.purpose,
    NULL::TIMESTAMP AS granted_at,
    NULL::TIMESTAMP AS expires_at,
    r."at" AS withdrawn_at
FROM _recognised AS r
WHERE
    r.purpose <> 'all'
    AND NOT EXISTS (
        SELECT 1
        FROM consents AS c
        WHERE c.customer_id = r.name AND c.purpose = r.purpose AND c.withdrawn_at = r."at"
    )
ORDER BY r.name, r.purpose
