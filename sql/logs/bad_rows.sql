-- Rows that their ids rule out: empty, the same party written in two ways, service numbers, short codes among phone
-- numbers.
-- Grain: row to reject. Reads: _log_all, _log_names. Params: $short_codes whether short codes are rejected; $services
-- party ids of the listed service numbers.
SELECT
    r.row_id,
    CASE
        WHEN a.party_id = '' OR b.party_id = '' THEN 'missing_party'
        WHEN a.party_id = b.party_id THEN 'self_call'
        WHEN list_contains($services, a.party_id) OR list_contains($services, b.party_id) THEN 'service_number'
        ELSE 'short_code'
    END AS reason,
    concat_ws(
        ',', r.kind,
        regexp_replace(regexp_replace(concat_ws(',', a.raw, b.raw), '\pL', 'a', 'g'), '\pN', '9', 'g'),
        r.started_at::VARCHAR, r.duration_s::VARCHAR
    ) AS raw
FROM _log_all AS r
LEFT JOIN _log_names AS a ON r.caller = a.id
LEFT JOIN _log_names AS b ON r.callee = b.id
WHERE
    r.reason IS NULL
    AND (
        a.party_id = '' OR b.party_id = '' OR a.party_id = b.party_id
        OR ($short_codes AND (a.is_short OR b.is_short))
        OR list_contains($services, a.party_id) OR list_contains($services, b.party_id)
    )
