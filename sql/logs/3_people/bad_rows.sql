-- Rows that their ids rule out: words for nobody, numbers that lost digits, the same party written in two ways, service
-- numbers, short codes. A rule looks at its row only: what else is in the file changes nothing.
-- Grain: row to reject. Reads: _log_all, _log_names. Params: $short_codes which short numbers are services: auto beside a
-- phone number, extensions with * or # in them, drop all, keep none; $services party ids of the listed service numbers.
SELECT
    r.row_id,
    CASE
        WHEN a.party_id = '' OR b.party_id = '' THEN 'missing_party'
        WHEN a.problem IS NOT NULL THEN a.problem
        WHEN b.problem IS NOT NULL THEN b.problem
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
        OR a.problem IS NOT NULL OR b.problem IS NOT NULL
        OR ($short_codes = 'drop' AND (a.is_short OR b.is_short))
        OR ($short_codes = 'auto' AND ((a.is_short AND b.is_number) OR (b.is_short AND a.is_number)))
        OR ($short_codes = 'extensions' AND (a.is_code OR b.is_code))
        OR list_contains($services, a.party_id) OR list_contains($services, b.party_id)
    )
