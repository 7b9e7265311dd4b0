-- How many ids may rule out a row: empty, service numbers, short codes, or parties written in more than one way.
-- Grain: one row. Reads: _log_ids. Params: $short_codes whether short codes are rejected; $services party ids of the
-- listed service numbers.
SELECT
    (
        count(*) FILTER (party_id = '' OR ($short_codes AND is_short) OR list_contains($services, party_id))
        + count(*) - count(DISTINCT party_id)
    )::BIGINT AS doubtful
FROM _log_ids
