-- How many ids may rule out a row: empty, nobody, service numbers, short codes, or parties written in more than one way.
-- Grain: one row. Reads: _log_ids. Params: $short_codes which short numbers are services, see bad_rows; $services party ids
-- of the listed service numbers.
SELECT
    (
        count(*) FILTER (
            party_id = '' OR problem IS NOT NULL OR ($short_codes <> 'keep' AND is_short)
            OR list_contains($services, party_id)
        )
        + count(*) - count(DISTINCT party_id)
    )::BIGINT AS doubtful
FROM _log_ids
